using OrleansSqlite.Transactions;

namespace OrleansSqlite.Combining;

/// <summary>A write in the inbox that its caller has run already, and waits for.</summary>
internal sealed class ToldWrite(int losses, long queuedAt) : ILeavable
{
    private readonly TaskCompletionSource<BatchResult?> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What came of it; null if nobody carries it, so that it is to run here.</summary>
    public Task<BatchResult?> Done => done.Task;

    /// <inheritdoc/>
    public CancellationToken Cancellation => CancellationToken.None;

    /// <inheritdoc/>
    public LeftAs? LeftAs { get; set; }

    /// <inheritdoc/>
    public int Losses => losses;

    /// <inheritdoc/>
    public long QueuedAt => queuedAt;

    /// <inheritdoc/>
    public void Complete(BatchResult carried) => done.TrySetResult(carried);

    /// <inheritdoc/>
    public void Fail(Exception error) => done.TrySetException(error);

    /// <inheritdoc/>
    public void GoBack(WriteQueue queue) => done.TrySetResult(null);
}
