namespace OrleansSqlite.Format;

/// <summary>Where the objects of one database lie below the store's root. See docs/FORMAT.md.</summary>
internal sealed class DatabaseKeys(string database)
{
    /// <summary>The one mutable object.</summary>
    public string Head { get; } = $"{database}/head";

    /// <summary>Advisory: a writer that keeps losing asks for room.</summary>
    public string Waiting { get; } = $"{database}/waiting";

    /// <summary>Advisory: what an import that is under way, or was interrupted, has uploaded so far.</summary>
    public string Import { get; } = $"{database}/import";

    /// <summary>The object of a segment.</summary>
    public string Segment(SegmentId id) => $"{database}/segments/{id}";
}
