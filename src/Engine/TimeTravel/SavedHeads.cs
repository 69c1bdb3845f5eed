using System.Collections.Immutable;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.TimeTravel;

/// <summary>Reads what a head says of the past: the heads that were saved, and the lists of them.</summary>
internal sealed class SavedHeads(DatabaseContext context)
{
    private const int Kept = 4;
    private readonly Lock gate = new();
    private readonly LinkedList<(CheckpointId Id, Head Head)> recent = [];

    /// <summary>The head from which a version can be read, with nothing in it that is newer.</summary>
    /// <param name="head">A head at or behind which the version stands.</param>
    /// <param name="version">The version.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.VersionGone"/>, <see cref="ErrorCodes.VersionNotReached"/>, or damage.</exception>
    public async Task<Head> FindAsync(Head head, long version, CancellationToken cancellation)
    {
        if (version > head.Version)
        {
            throw Errors.VersionNotReached(context.Name, version, head.Version);
        }

        if (version >= head.FirstReadableVersion)
        {
            return PastHead.At(head, version);
        }

        var entries = head.History?.Checkpoints ?? [];
        while (entries.FirstOrDefault(entry => entry.LastVersion >= version) is { } entry && entry.FirstVersion <= version)
        {
            if (entry.Level == 0)
            {
                return PastHead.At(await ReadAsync(entry, head, cancellation).ConfigureAwait(false), version);
            }

            entries = await ListAsync(entry, head, cancellation).ConfigureAwait(false);
        }

        throw Errors.VersionGone(context.Name, version, OldestOf(head));
    }

    /// <summary>The newest version that was committed at a time or before, as its head.</summary>
    /// <param name="head">The newest head.</param>
    /// <param name="timeMs">The time, in unix milliseconds.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public async Task<Head> FindAtAsync(Head head, long timeMs, CancellationToken cancellation)
    {
        // Times never fall from version to version, so the first saved head that ends later holds the answer, or the one before it ends with it.
        CheckpointEntry? before = null;
        var entries = head.History?.Checkpoints ?? [];
        var later = head;
        while (true)
        {
            int first = entries.TakeWhile(entry => entry.LastTimeMs <= timeMs).Count();
            before = first > 0 ? entries[first - 1] : before;
            if (first == entries.Length)
            {
                break;
            }

            if (entries[first].Level == 0)
            {
                later = await ReadAsync(entries[first], head, cancellation).ConfigureAwait(false);
                break;
            }

            entries = await ListAsync(entries[first], head, cancellation).ConfigureAwait(false);
        }

        return PastHead.AtTime(later, timeMs)
            ?? (before is not null ? await FindAsync(head, before.LastVersion, cancellation).ConfigureAwait(false) : throw Errors.TimeGone(context.Name, timeMs, OldestOf(head)));
    }

    /// <summary>All saved heads that a head goes back to, without those in lists that are older than wanted, newest first.</summary>
    /// <param name="head">The newest head.</param>
    /// <param name="below">Only those that have versions below this one.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public async IAsyncEnumerable<CheckpointEntry> EntriesAsync(
        Head head, long below = long.MaxValue, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var open = new Stack<CheckpointEntry>(head.History?.Checkpoints ?? []);
        while (open.TryPop(out var entry))
        {
            if (entry.FirstVersion >= below)
            {
                continue;
            }

            if (entry.Level == 0)
            {
                yield return entry;
                continue;
            }

            foreach (var listed in await ListAsync(entry, head, cancellation).ConfigureAwait(false))
            {
                open.Push(listed);
            }
        }
    }

    /// <summary>Reads a saved head.</summary>
    public async Task<Head> ReadAsync(CheckpointEntry entry, Head head, CancellationToken cancellation)
    {
        lock (gate)
        {
            foreach (var known in recent)
            {
                if (known.Id == entry.Id)
                {
                    return known.Head;
                }
            }
        }

        string key = context.Keys.Checkpoint(entry.Id);
        var content = await ReadAsync(entry, (int)entry.ObjectBytes, cancellation).ConfigureAwait(false);
        var saved = HeadCodec.Decode(content, key);
        if (saved.DatabaseId != head.DatabaseId || saved.Version != entry.LastVersion || saved.FirstReadableVersion != entry.FirstVersion)
        {
            throw Corruption.Damaged(key, $"it is not the head of version {entry.LastVersion} that was saved there");
        }

        lock (gate)
        {
            recent.AddFirst((entry.Id, saved));
            if (recent.Count > Kept)
            {
                recent.RemoveLast();
            }
        }

        return saved;
    }

    /// <summary>Reads only which segments a saved head names.</summary>
    public async Task<ImmutableArray<SegmentEntry>> ReadSegmentsAsync(CheckpointEntry entry, CancellationToken cancellation) =>
        HeadCodec.DecodeSegments(await ReadAsync(entry, (int)entry.ListBytes, cancellation).ConfigureAwait(false), context.Keys.Checkpoint(entry.Id));

    /// <summary>Reads a list of saved heads.</summary>
    public async Task<ImmutableArray<CheckpointEntry>> ListAsync(CheckpointEntry entry, Head head, CancellationToken cancellation)
    {
        var content = await ReadAsync(entry, (int)entry.ObjectBytes, cancellation).ConfigureAwait(false);
        return CheckpointList.Decode(content, entry, head.DatabaseId, context.Keys.Checkpoint(entry.Id));
    }

    /// <summary>The oldest version that can be gone back to.</summary>
    public static long OldestOf(Head head) => head.History is { Checkpoints: [var first, ..] } ? first.FirstVersion : head.FirstReadableVersion;

    private async Task<ReadOnlyMemory<byte>> ReadAsync(CheckpointEntry entry, int bytes, CancellationToken cancellation)
    {
        string key = context.Keys.Checkpoint(entry.Id);
        try
        {
            return await context.Retry.RunAsync(token => context.Store.ReadRangeAsync(key, 0, bytes, token), cancellation).ConfigureAwait(false);
        }
        catch (StoreException e) when (e.Failure == StoreFailure.Missing)
        {
            // A collection took it away since the head was read that names it.
            throw Errors.VersionGone(context.Name, entry.LastVersion, entry.LastVersion + 1, e);
        }
    }
}
