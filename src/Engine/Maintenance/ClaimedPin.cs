using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Maintenance;

/// <summary>
/// A pin under a name that others may choose as well: the first one has it. Whoever has it may write it anew, each time in place of what it wrote
/// before: a request that was given up, and reaches the store long afterwards, can't bring an older content back.
/// </summary>
/// <param name="context">The database.</param>
/// <param name="key">The pin's key.</param>
internal sealed class ClaimedPin(DatabaseContext context, string key)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private ETag? written;

    /// <summary>Writes it: for the first time, or in place of what was written before.</summary>
    /// <param name="pin">What nobody else would write there, and has not stood there before.</param>
    /// <param name="cancellation">Stops trying.</param>
    /// <returns>False if another one stands there, or if it has been taken away.</returns>
    public async Task<bool> TryWriteAsync(Pin pin, CancellationToken cancellation)
    {
        byte[] content = pin.Encode();
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
            if (found.Answer == ReadAnswer.Found && found.Content.Span.SequenceEqual(content))
            {
                written = found.Tag;
                return true;
            }

            if (found.Answer == ReadAnswer.Found ? found.Tag != written && IsSound(found.Content, began) : written is not null)
            {
                return false;
            }

            await context.PauseAsync(Pause, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Whether it is another pin, and not this one with a bit wrong on its way here.</summary>
    private bool IsSound(ReadOnlyMemory<byte> content, long began)
    {
        try
        {
            _ = Pin.Decode(content, key);
            return true;
        }
        catch (DatabaseException e) when (e.Kind == ErrorKind.Corrupt && context.Time.GetElapsedTime(began) < Patience)
        {
            return false;
        }
    }
}
