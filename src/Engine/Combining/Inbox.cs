using System.Text;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Combining;

/// <summary>The objects of the transactions that were left by their owners.</summary>
internal sealed class Inbox(DatabaseContext context)
{
    /// <summary>The most that are listed at once: one request, whatever lies there.</summary>
    public const int MaxListed = 1000;

    /// <summary>Leaves one.</summary>
    public ValueTask WriteAsync(InboxEntry entry, byte[] content) =>
        context.Store.WriteAsync(context.Keys.InboxEntry(entry.Id), content, CancellationToken.None);

    /// <summary>Takes away what nobody needs any more. Whether it succeeds is of no account: a transaction takes effect once.</summary>
    public async Task DeleteAsync(IReadOnlyCollection<string> keys)
    {
        try
        {
            await context.Store.DeleteManyAsync(keys, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException)
        {
            // Whoever comes next finds them again.
        }
    }

    /// <summary>Results that were too large to stand in the database.</summary>
    /// <exception cref="StoreException">They can't be read.</exception>
    /// <exception cref="DatabaseException">They are damaged.</exception>
    public async Task<IReadOnlyList<StatementResult>> ReadResultsAsync(string key)
    {
        var found = await context.Retry.RunAsync(token => context.Store.ReadAsync(key, null, token), CancellationToken.None).ConfigureAwait(false);
        return found.Answer == ReadAnswer.Found
            ? ResultsJson.Read(Encoding.UTF8.GetString(InboxResults.Decode(found.Content.Span, key)))
            : throw StoreErrors.Missing(context.Store.Url, key);
    }

    /// <summary>Which ones lie there, oldest first, and when they were written; null if they can't be listed now.</summary>
    public async Task<List<(InboxId Id, DateTimeOffset Written)>?> TryListAsync()
    {
        try
        {
            return await ListAsync().ConfigureAwait(false);
        }
        catch (StoreException)
        {
            return null;
        }
    }

    /// <summary>Reads one. Null if it is gone, damaged or of a newer format: it is not for us.</summary>
    public async Task<InboxEntry?> TryReadAsync(InboxId id)
    {
        string key = context.Keys.InboxEntry(id);
        try
        {
            var found = await context.Store.ReadAsync(key, null, CancellationToken.None).ConfigureAwait(false);
            context.StoreClock.Note(found.Now);
            var entry = found.Answer == ReadAnswer.Found ? InboxEntry.Decode(found.Content.Span, key) : null;
            return entry?.Id == id ? entry : null;
        }
        catch (Exception e) when (e is StoreException or DatabaseException)
        {
            // Its owner still has it.
            return null;
        }
    }

    private async Task<List<(InboxId Id, DateTimeOffset Written)>> ListAsync()
    {
        List<(InboxId, DateTimeOffset)> found = [];
        await foreach (var listed in context.Store.ListAsync(context.Keys.Inbox, CancellationToken.None).ConfigureAwait(false))
        {
            if (InboxId.TryParse(listed.Key.AsSpan(context.Keys.Inbox.Length), out var id))
            {
                found.Add((id, listed.Modified));
            }

            if (found.Count == MaxListed)
            {
                break;
            }
        }

        return found;
    }
}
