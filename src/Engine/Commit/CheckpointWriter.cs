using System.Collections.Immutable;
using OrleansSqlite.Format;

namespace OrleansSqlite.Commit;

/// <summary>
/// Saves heads, so that their versions can be gone back to: before frames or segments leave a head, it is stored as it is. A head names what was
/// saved; when these are many, the oldest of them move to a list of their own, lists to lists of lists, and the head stays small.
/// </summary>
internal static class CheckpointWriter
{
    /// <summary>Stores a head, and gives the list for the head that takes its place.</summary>
    /// <exception cref="Stores.StoreException">The store cannot be written.</exception>
    public static async Task<ImmutableArray<CheckpointEntry>> SaveAsync(DatabaseContext context, Head head)
    {
        var list = head.History?.Checkpoints ?? [];
        if (head.Version == 0)
        {
            // There is nothing to go back to.
            return list;
        }

        byte[] content = HeadCodec.Encode(head);
        var saved = new CheckpointEntry
        {
            Level = 0,
            Id = new CheckpointId(context.Entropy.Next128()),
            FirstVersion = head.FirstReadableVersion,
            LastVersion = head.Version,
            LastTimeMs = head.CommittedAtMs,
            ObjectBytes = (uint)content.Length,
            ListBytes = (uint)HeadCodec.ListBytes(head),
        };
        await WriteAsync(context, saved.Id, content).ConfigureAwait(false);
        return await RollUpAsync(context, head.DatabaseId, list.Add(saved)).ConfigureAwait(false);
    }

    /// <summary>Puts the oldest entries of a level that has too many into a list, level by level.</summary>
    private static async Task<ImmutableArray<CheckpointEntry>> RollUpAsync(
        DatabaseContext context, Guid databaseId, ImmutableArray<CheckpointEntry> entries)
    {
        int end = entries.Length;
        for (byte level = 0; level < CheckpointEntry.MaxLevel; level++)
        {
            int start = end;
            while (start > 0 && entries[start - 1].Level == level)
            {
                start--;
            }

            if (end - start <= CheckpointEntry.FanOut)
            {
                return entries;
            }

            var rolled = entries[start..(start + CheckpointEntry.FanOut)];
            byte[] content = CheckpointList.Encode(databaseId, rolled);
            var list = new CheckpointEntry
            {
                Level = (byte)(level + 1),
                Id = new CheckpointId(context.Entropy.Next128()),
                FirstVersion = rolled[0].FirstVersion,
                LastVersion = rolled[^1].LastVersion,
                LastTimeMs = rolled[^1].LastTimeMs,
                ObjectBytes = (uint)content.Length,
                ListBytes = (uint)content.Length,
            };
            await WriteAsync(context, list.Id, content).ConfigureAwait(false);
            entries = [.. entries[..start], list, .. entries[(start + CheckpointEntry.FanOut)..]];
            end = start + 1;
        }

        return entries;
    }

    private static async Task WriteAsync(DatabaseContext context, CheckpointId id, byte[] content) =>
        await context.Retry.RunAsync(
            async cancellation =>
            {
                await context.Store.WriteAsync(context.Keys.Checkpoint(id), content, cancellation).ConfigureAwait(false);
                return true;
            },
            CancellationToken.None).ConfigureAwait(false);
}
