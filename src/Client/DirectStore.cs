using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Client;

/// <summary>The store, as this process reaches it by itself. Opened when it is first needed: most clients never do.</summary>
internal sealed class DirectStore(IOptions<OrleansSqliteClientOptions> options, IServiceProvider services) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private Task<DatabaseEngine>? opening;

    /// <summary>Whether there is one.</summary>
    public bool IsGiven => options.Value is { Store: not null } or { OpenEngine: not null };

    /// <summary>The store's URL, without credentials, if there is one.</summary>
    public string? Url => opening is { IsCompletedSuccessfully: true } open ? open.Result.StoreUrl : null;

    /// <summary>The engine over it.</summary>
    /// <exception cref="DatabaseException">It cannot be opened.</exception>
    public Task<DatabaseEngine> EngineAsync(CancellationToken cancellation)
    {
        lock (gate)
        {
            if (opening is null or { IsFaulted: true })
            {
                var open = options.Value.OpenEngine ?? OpenAsync;
                opening = Task.Run(() => open(services, CancellationToken.None), CancellationToken.None);
            }

            return opening.WaitAsync(cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (opening is not null)
        {
            await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (opening.IsCompletedSuccessfully)
            {
                await opening.Result.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private Task<DatabaseEngine> OpenAsync(IServiceProvider provider, CancellationToken cancellation) => DatabaseEngine.OpenAsync(
        options.Value.Store!, options.Value.Engine, provider.GetService<ILoggerFactory>(), provider.GetService<TimeProvider>(), cancellation);
}
