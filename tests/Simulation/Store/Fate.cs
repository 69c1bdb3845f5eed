namespace OrleansSqlite.Simulation.Store;

/// <summary>What becomes of one request.</summary>
internal enum Fate
{
    /// <summary>It is served and answered.</summary>
    Served,

    /// <summary>It never arrives; the connection breaks, or the sender gives up waiting.</summary>
    RequestLost,

    /// <summary>It is served, and the answer never arrives.</summary>
    ReplyLost,

    /// <summary>The sender hears that the connection broke, and the request arrives afterwards: behind its own repetition.</summary>
    Late,

    /// <summary>It is served and answered, and a twin of it arrives later.</summary>
    Twin,

    /// <summary>It is served twice; the sender gets the second answer.</summary>
    Echo,

    /// <summary>503 SlowDown, with a time to wait: not served.</summary>
    SlowDown,

    /// <summary>500, and not served.</summary>
    Failed,

    /// <summary>500, though it was served.</summary>
    FailedAfterwards,

    /// <summary>409 for a conditional write: not served.</summary>
    Busy,

    /// <summary>403: not served.</summary>
    Denied,

    /// <summary>The body ends too early.</summary>
    Truncated,

    /// <summary>The body has a wrong bit.</summary>
    Flipped,
}

/// <summary>The kinds of request.</summary>
internal enum Verb
{
    Get,
    Range,
    Put,
    Swap,
    Delete,
    List,
}
