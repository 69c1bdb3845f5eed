using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Client;

/// <summary>The store, as this process reaches it by itself. Opened when it is first needed: most clients never do.</summary>
internal sealed class DirectStore(IOptions<OrleansSqliteClientOptions> options, ILoggerFactory logs, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private Task<DatabaseEngine>? opening;

    /// <summary>Whether there is one.</summary>
    public bool IsGiven => options.Value.Store is not null;

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
                var settings = options.Value;
                opening = Task.Run(() => DatabaseEngine.OpenAsync(settings.Store!, settings.Engine, logs, time), CancellationToken.None);
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
}
