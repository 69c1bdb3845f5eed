using OrleansSqlite.Commit;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Maintenance;

/// <summary>
/// An object under a name that others may choose as well: the first one has it. Whoever has it may write it anew, each time in place of what it wrote
/// before: a request that was given up, and reaches the store long afterwards, can't bring an older content back.
/// </summary>
/// <param name="context">The database.</param>
/// <param name="key">The object's key; not that of a head.</param>
internal sealed class ClaimedObject(DatabaseContext context, string key)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private ETag? written;

    /// <summary>Writes it: for the first time, or in place of what was written before.</summary>
    /// <param name="content">Bytes that nobody else would write there, and that have not stood there before.</param>
    /// <param name="cancellation">Stops trying.</param>
    /// <returns>False if it is somebody else's, or has been taken away.</returns>
    public async Task<bool> TryWriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        long began = context.Time.GetTimestamp();
        while (true)
        {
            try
            {
                var result = await context.Store.SwapAsync(key, content, written, cancellation).ConfigureAwait(false);
                if (result.Answer == SwapAnswer.Done)
                {
                    written = result.Tag;
                    return true;
                }
            }
            catch (StoreException e) when (e.IsTransient && context.Time.GetElapsedTime(began) < Patience)
            {
                // Perhaps it was written: what stands there tells.
            }

            var found = await context.Retry.RunAsync(token => context.Store.ReadAsync(key, null, token), cancellation).ConfigureAwait(false);
            if (found.Answer == ReadAnswer.Found && found.Content.Span.SequenceEqual(content.Span))
            {
                written = found.Tag;
                return true;
            }

            if (found.Answer == ReadAnswer.Found ? found.Tag != written : written is not null)
            {
                return false;
            }

            await context.PauseAsync(Pause, cancellation).ConfigureAwait(false);
        }
    }
}
