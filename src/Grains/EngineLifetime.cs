using Orleans.Runtime;

namespace OrleansSqlite.Grains;

/// <summary>Opens the silo's engine before its first grain: a silo whose store does not answer does not start.</summary>
internal sealed class EngineLifetime(IServiceProvider services, Func<IServiceProvider, CancellationToken, Task<DatabaseEngine>> open)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private DatabaseEngine? engine;

    /// <summary>The engine. The container disposes of it, after the silo has stopped.</summary>
    public DatabaseEngine Engine => engine ?? throw new InvalidOperationException("The silo has not been started.");

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(EngineLifetime), ServiceLifecycleStage.RuntimeInitialize, async cancellation => engine = await open(services, cancellation));
}
