using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite;

/// <content>How a database is opened: by its first use, or with what another process knew.</content>
public sealed partial class EngineDatabase
{
    private Task? opening;
    private volatile bool isOpen;

    /// <summary>The newest state known here, for another process to begin with; null before the first use.</summary>
    public WarmState? CopyWarmState() =>
        speculation.Current is { } known ? new WarmState(HeadCodec.Encode(known.Head), known.Tag.Value) : null;

    /// <summary>
    /// Opens the database with a state that another process knew, in place of the GET. It may be old: reads and writes find out as
    /// they do with what this process itself read a while ago. A damaged one is the same as none.
    /// </summary>
    /// <returns>Whether it was of use; if not, the first use asks the store.</returns>
    public async Task<bool> WarmAsync(WarmState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Task warming;
        lock (openGate)
        {
            if (opening is not null)
            {
                return false;
            }

            warming = opening = Task.Run(() => Install(HeadCodec.Decode(state.Head, context.Keys.Head), new ETag(state.Tag)));
        }

        await warming.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return warming.IsCompletedSuccessfully;
    }

    /// <summary>Reads the head when it is first needed.</summary>
    internal async ValueTask OpenAsync(CancellationToken cancellation)
    {
        if (isOpen)
        {
            return;
        }

        Task load;
        lock (openGate)
        {
            // One that failed is asked again: the database may be created meanwhile, or the store come back.
            load = opening = opening is null or { IsFaulted: true } ? Task.Run(LoadAsync, CancellationToken.None) : opening;
        }

        try
        {
            await load.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            throw Errors.FromStore(Name, e);
        }
    }

    private async Task LoadAsync()
    {
        long look = freshness.Start();
        long began = context.Time.GetTimestamp();
        var found = await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false) ?? throw Errors.NotFound(Name);
        Install(found.Head, found.Tag);
        freshness.Prove(look, began);
    }

    private void Install(Head head, ETag tag)
    {
        var loaded = reader.Load(head, tag, null);
        if (!speculation.TryInstall(loaded))
        {
            loaded.Snapshot.Release();
            throw new ObjectDisposedException(Name);
        }

        isOpen = true;
    }
}
