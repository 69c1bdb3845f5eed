using OrleansSqlite.Format;
using OrleansSqlite.Simulation.Checks;

namespace OrleansSqlite.Simulation.Store;

/// <summary>
/// Looks at every head as it lands: versions follow each other, what a head lists of the past never changes, and no object that it names is
/// missing.
/// </summary>
internal sealed class HeadWatch(Bucket bucket, Annals annals, Lineage lineage, string key)
{
    private Head? last;

    /// <summary>How many commits have landed.</summary>
    public long Commits => last?.Version ?? 0;

    /// <summary>The first thing that was wrong.</summary>
    public string? Problem { get; private set; }

    /// <summary>What the newest version goes back to.</summary>
    public Descent Descent() => lineage.Of(Commits);

    /// <summary>An object was swapped.</summary>
    public void Look(string swapped, StoredObject stored)
    {
        if (swapped != key || Problem is not null)
        {
            return;
        }

        var head = HeadCodec.Decode(stored.Content, key);
        Problem = last is null ? null
            : head.DatabaseId != last.DatabaseId ? $"version {head.Version} belongs to another database"
            : head.Version == last.Version ? Maintained(head, last)
            : head.Version != last.Version + 1 ? $"version {head.Version} follows {last.Version}"
            : head.SwapId == last.SwapId ? $"version {head.Version} has the swap id of the one before"
            : last.Recent.Length > 0 && head.CommitOf(last.Version) != last.Recent[^1].Id ? $"version {head.Version} does not list version {last.Version}"
            : null;
        Problem ??= Missing(head);
        annals.Add(head);
        if (last is not null && head.Version > last.Version && head.CollectionEpoch > last.CollectionEpoch)
        {
            lineage.Restored(head.Version);
        }

        last = head;
    }

    /// <summary>Checks the objects once more.</summary>
    public void Require()
    {
        Problem ??= last is null ? "no head has ever landed" : Missing(last);
        if (Problem is not null)
        {
            throw new CheckFailedException($"The head is wrong: {Problem}.");
        }
    }

    /// <summary>A swap that makes no version changes neither what was committed nor what it gave.</summary>
    private static string? Maintained(Head head, Head last) =>
        !head.Recent.SequenceEqual(last.Recent) || head.PageCount != last.PageCount || head.Frames.Length != last.Frames.Length || head.SwapId == last.SwapId
            ? $"maintenance of version {head.Version} has changed it"
            : null;

    private string? Missing(Head head)
    {
        foreach (var checkpoint in head.History?.Checkpoints ?? [])
        {
            string name = new DatabaseKeys(key[..key.IndexOf('/')]).Checkpoint(checkpoint.Id);
            if (bucket.Find(name) is not { } there || there.Content.Length != checkpoint.ObjectBytes)
            {
                return $"version {head.Version} names {name}, which is missing or of another size";
            }
        }

        foreach (var segment in head.Segments)
        {
            string name = new DatabaseKeys(key[..key.IndexOf('/')]).Segment(segment.Id);
            if (bucket.Find(name) is not { } there || there.Content.Length != segment.ObjectBytes)
            {
                return $"version {head.Version} names {name}, which is missing or of another size";
            }
        }

        return null;
    }
}
