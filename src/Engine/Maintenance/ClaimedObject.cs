using OrleansSqlite.Commit;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Maintenance;

/// <summary>Creates an object under a name that others may choose as well: the first one has it.</summary>
internal sealed class ClaimedObject(DatabaseContext context)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Creates the object if there is none.</summary>
    /// <param name="key">Its key; not that of a head.</param>
    /// <param name="content">Bytes that nobody else would write there.</param>
    /// <param name="cancellation">Stops trying.</param>
    /// <returns>False if there is one already that is not this one.</returns>
    public async Task<bool> TryCreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        long began = context.Time.GetTimestamp();
        while (true)
        {
            try
            {
                var result = await context.Store.SwapAsync(key, content, null, cancellation).ConfigureAwait(false);
                if (result.Answer == SwapAnswer.Done)
                {
                    return true;
                }
            }
            catch (StoreException e) when (e.IsTransient && context.Time.GetElapsedTime(began) < Patience)
            {
                // Perhaps it was created: what stands there tells.
            }

            var found = await context.Retry.RunAsync(token => context.Store.ReadAsync(key, null, token), cancellation).ConfigureAwait(false);
            if (found.Answer == ReadAnswer.Found)
            {
                return found.Content.Span.SequenceEqual(content.Span);
            }

            await context.PauseAsync(Pause, cancellation).ConfigureAwait(false);
        }
    }
}
