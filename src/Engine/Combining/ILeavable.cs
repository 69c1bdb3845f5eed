using OrleansSqlite.Transactions;

namespace OrleansSqlite.Combining;

/// <summary>A write that lies in the inbox, to whoever waits for it.</summary>
internal interface ILeavable
{
    /// <summary>Gives it up, which takes a commit.</summary>
    CancellationToken Cancellation { get; }

    /// <summary>How often it has lost a race.</summary>
    int Losses { get; }

    /// <summary>As what it lies there.</summary>
    LeftAs? LeftAs { get; set; }

    /// <summary>When it came, by the monotonic clock.</summary>
    long QueuedAt { get; }

    /// <summary>Somebody has carried it.</summary>
    void Complete(BatchResult carried);

    /// <summary>It was not applied (or, if the error says so, nobody knows).</summary>
    void Fail(Exception error);

    /// <summary>Nobody else will carry it: it runs here, and is not left again.</summary>
    void GoBack(WriteQueue queue);
}
