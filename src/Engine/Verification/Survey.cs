using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Verification;

/// <summary>What a verification found out, for whoever goes on from there.</summary>
internal sealed record Survey
{
    /// <summary>What is told to people.</summary>
    public required VerificationReport Report { get; init; }

    /// <summary>The head; null if it can't be read.</summary>
    public required Head? Head { get; init; }

    /// <summary>What is left if it can't.</summary>
    public required Survivors? Survivors { get; init; }

    /// <summary>The tag of the bytes that stand where the head should; null if it is missing.</summary>
    public required ETag? Tag { get; init; }

    /// <summary>These bytes.</summary>
    public required ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>The verified version, as a head; null if there is none.</summary>
    public required Head? Verified { get; init; }

    /// <summary>What became of the segments, by key.</summary>
    public required IReadOnlyDictionary<string, SegmentState> Segments { get; init; }

    /// <summary>Whether the verified version is whole: its pages, and what SQLite says of them.</summary>
    public required bool IsVerifiedWhole { get; init; }

    /// <summary>The versions all of whose pages can be read, newest first, and where they stand.</summary>
    public required IReadOnlyList<(long Version, VersionSource Source)> Whole { get; init; }
}
