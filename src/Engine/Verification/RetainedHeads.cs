using System.Collections.Immutable;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Maintenance;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Verification;

/// <summary>Reads the heads from which versions can be read: what they name, and whether they are what they should be. One at a time is in memory.</summary>
internal sealed class RetainedHeads(DatabaseContext context, Findings findings)
{
    private readonly List<VersionSource> sources = [];
    private readonly List<VerifiedVersions> unreadable = [];
    private readonly Dictionary<string, (SegmentEntry Entry, int PageBytes, string HeadKey)> segments = [];

    /// <summary>The heads that could be read.</summary>
    public IReadOnlyList<VersionSource> Sources => sources;

    /// <summary>Versions that stand in objects which can't be read.</summary>
    public IReadOnlyList<VerifiedVersions> Unreadable => unreadable;

    /// <summary>All segments that they name, by key.</summary>
    public IReadOnlyDictionary<string, (SegmentEntry Entry, int PageBytes, string HeadKey)> Segments => segments;

    /// <summary>How many objects were read.</summary>
    public int Objects { get; private set; }

    /// <summary>How many bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes in a head.</summary>
    public VersionSource Add(string key, Head head, string? owner = null, string? snapshot = null)
    {
        var source = VersionSource.Of(context, key, head, findings, owner, snapshot);
        var keys = owner is null || owner == context.Name ? context.Keys : new DatabaseKeys(owner);
        foreach (var entry in head.Segments)
        {
            // Its own copy of the index: the head's memory is let go.
            var named = entry with { InlineIndex = entry.InlineIndex.ToArray(), Home = entry.Home ?? (keys == context.Keys ? null : owner) };
            segments.TryAdd(keys.Segment(entry), (named, head.PageBytes, key));
        }

        sources.Add(source);
        return source;
    }

    /// <summary>Lets go of heads of other databases, which had the same name before.</summary>
    public void KeepOnly(Guid databaseId)
    {
        sources.RemoveAll(source => source.DatabaseId != databaseId);
        var named = sources.SelectMany(source => source.Segments).ToHashSet();
        foreach (string key in segments.Keys.Where(key => !named.Contains(key)).ToArray())
        {
            segments.Remove(key);
        }
    }

    /// <summary>Takes in all saved heads that a head goes back to, and checks the lists of them.</summary>
    public async Task AddHistoryAsync(Head head, CancellationToken cancellation)
    {
        long next = 0;
        var open = new Stack<CheckpointEntry>((head.History?.Checkpoints ?? []).Reverse());
        while (open.TryPop(out var entry))
        {
            string key = context.Keys.Checkpoint(entry.Id);
            try
            {
                var content = await ReadAsync(key, entry.ObjectBytes, cancellation).ConfigureAwait(false);
                if (content is null)
                {
                    Lose(entry, next);
                }
                else if (entry.Level > 0)
                {
                    foreach (var listed in CheckpointList.Decode(content.Value, entry, head.DatabaseId, key).Reverse())
                    {
                        open.Push(listed);
                    }

                    continue;
                }
                else
                {
                    var saved = Decode(content.Value, entry, head.DatabaseId, key);
                    var source = Add(key, saved);
                    source.FirstVersion = Math.Max(source.FirstVersion, next);
                    source.LastWanted = head.FirstReadableVersion - 1;
                }
            }
            catch (DatabaseException e)
            {
                findings.Add(e, key, null);
                Lose(entry, next);
            }

            next = Math.Max(next, entry.LastVersion + 1);
        }
    }

    /// <summary>Takes in the named snapshots of a database, and checks all pins that lie with it.</summary>
    public async Task AddPinsAsync(Guid databaseId, CancellationToken cancellation)
    {
        foreach (var (key, pin) in await ReadPinsAsync(cancellation).ConfigureAwait(false))
        {
            string expected = pin.Kind == PinKind.Snapshot ? context.Keys.SnapshotPin(pin.Name) : context.Keys.ForkPin(pin.DatabaseId);
            if (expected != key)
            {
                findings.Add(key, null, $"it is the pin that belongs at {expected}");
            }
            else if (pin.Kind == PinKind.Snapshot && pin.DatabaseId == databaseId)
            {
                var source = Add(key, pin.Held, pin.Owner, pin.Name);
                source.FirstVersion = pin.Held.Version;
            }
        }
    }

    /// <summary>
    /// Checks that each database in whose folder segments of this one lie holds the pin that keeps them: without it they are gone with that one's next collection.
    /// </summary>
    public async Task CheckOwnPinsAsync(Guid databaseId, CancellationToken cancellation)
    {
        foreach (string home in segments.Values.Select(named => named.Entry.Home).OfType<string>().Distinct())
        {
            string key = new DatabaseKeys(home).ForkPin(databaseId);
            var found = await context.Retry.RunAsync(token => context.Store.ReadAsync(key, null, token), cancellation).ConfigureAwait(false);
            if (found.Answer == ReadAnswer.Missing)
            {
                findings.Add(key, null, $"the pin is missing that keeps the segments of '{home}' which this database needs");
            }
        }
    }

    /// <summary>All pins that can be read.</summary>
    private async Task<List<(string Key, Pin Pin)>> ReadPinsAsync(CancellationToken cancellation)
    {
        List<(string, Pin)> pins = [];
        await foreach (var listed in context.Store.ListAsync(context.Keys.Pins, cancellation).ConfigureAwait(false))
        {
            var found = await context.Retry.RunAsync(token => context.Store.ReadAsync(listed.Key, null, token), cancellation).ConfigureAwait(false);
            if (found.Answer != ReadAnswer.Found)
            {
                // Dropped since it was listed.
                continue;
            }

            Count(found.Content.Length);
            try
            {
                pins.Add((listed.Key, Pin.Decode(found.Content, listed.Key)));
            }
            catch (DatabaseException e)
            {
                findings.Add(e, listed.Key, null);
                if (listed.Key.StartsWith(context.Keys.SnapshotPin(""), StringComparison.Ordinal))
                {
                    unreadable.Add(new VerifiedVersions(0, 0, listed.Modified, false, listed.Key[context.Keys.SnapshotPin("").Length..]));
                }
            }
        }

        return pins;
    }

    private async Task<ReadOnlyMemory<byte>?> ReadAsync(string key, uint bytes, CancellationToken cancellation)
    {
        var found = await context.Retry.RunAsync(token => context.Store.ReadAsync(key, null, token), cancellation).ConfigureAwait(false);
        if (found.Answer == ReadAnswer.Missing)
        {
            findings.AddMissing(key);
            return null;
        }

        Count(found.Content.Length);
        if (found.Content.Length != bytes)
        {
            throw Corruption.Damaged(key, $"the object has {found.Content.Length} bytes, not {bytes}");
        }

        return found.Content;
    }

    private static Head Decode(ReadOnlyMemory<byte> content, CheckpointEntry entry, Guid databaseId, string key)
    {
        var saved = HeadCodec.Decode(content, key);
        return saved.DatabaseId == databaseId && saved.Version == entry.LastVersion && saved.FirstReadableVersion == entry.FirstVersion
            && HeadCodec.ListBytes(saved) == entry.ListBytes
            ? saved
            : throw Corruption.Damaged(key, $"it is not the head of version {entry.LastVersion} that was saved there");
    }

    private void Lose(CheckpointEntry entry, long next) =>
        unreadable.Add(new VerifiedVersions(Math.Max(entry.FirstVersion, next), entry.LastVersion, DateTimeOffset.FromUnixTimeMilliseconds(entry.LastTimeMs), false, null));

    private void Count(int bytes)
    {
        Objects++;
        Bytes += bytes;
    }
}
