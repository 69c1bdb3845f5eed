namespace OrleansSqlite.Format;

/// <summary>Where the objects of one database lie below the store's root. See docs/FORMAT.md.</summary>
internal sealed class DatabaseKeys(string database)
{
    /// <summary>The database's name.</summary>
    public string Database => database;

    /// <summary>The one mutable object.</summary>
    public string Head { get; } = $"{database}/head";

    /// <summary>Advisory: a writer that keeps losing asks for room.</summary>
    public string Waiting { get; } = $"{database}/waiting";

    /// <summary>Advisory: what an import that is under way, or was interrupted, has uploaded so far.</summary>
    public string Import { get; } = $"{database}/import";

    /// <summary>The object of a segment.</summary>
    public string Segment(SegmentId id) => $"{Segments}{id}";

    /// <summary>The object of a segment that may lie in the folder of another database.</summary>
    public string Segment(SegmentEntry entry) => entry.Home is null ? Segment(entry.Id) : new DatabaseKeys(entry.Home).Segment(entry.Id);

    /// <summary>Where its segments lie.</summary>
    public string Segments { get; } = $"{database}/segments/";

    /// <summary>Where its saved heads and the lists of them lie.</summary>
    public string Checkpoints { get; } = $"{database}/checkpoints/";

    /// <summary>Where its pins lie: forks and named snapshots that hold segments alive.</summary>
    public string Pins { get; } = $"{database}/pins/";

    /// <summary>The object of a saved head, or of a list of such.</summary>
    public string Checkpoint(CheckpointId id) => $"{Checkpoints}{id}";

    /// <summary>Where transactions lie that were left for the next winner of a swap.</summary>
    public string Inbox { get; } = $"{database}/inbox/";

    /// <summary>The object of such a transaction.</summary>
    public string InboxEntry(InboxId id) => $"{Inbox}{id}";

    /// <summary>Where results of such transactions lie that are too large to stand in the database.</summary>
    public string Results { get; } = $"{database}/results/";

    /// <summary>The object of results that are too large to stand in the database.</summary>
    public string InboxResults(InboxId id, UInt128 run) => $"{Results}{id}.{run:x32}";

    /// <summary>Where the bytes of a head are kept that could not be read, and was replaced by a repair.</summary>
    public string Damaged(CommitId id) => $"{database}/damaged/{id}";

    /// <summary>The pin of a named snapshot.</summary>
    public string SnapshotPin(string name) => $"{Pins}snapshot.{name}";

    /// <summary>The pin of a fork.</summary>
    public string ForkPin(Guid databaseId) => $"{Pins}fork.{databaseId:N}";
}
