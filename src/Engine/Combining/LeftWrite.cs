using OrleansSqlite.Format;

namespace OrleansSqlite.Combining;

/// <summary>A write of this process that lies in the inbox. Whoever learns first what became of it answers its caller.</summary>
internal sealed class LeftWrite(ILeavable transaction, InboxEntry entry)
{
    private readonly TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int taken;

    /// <summary>The write.</summary>
    public ILeavable Transaction => transaction;

    /// <summary>What was left.</summary>
    public InboxEntry Entry => entry;

    /// <summary>The damage that was met when it ran here, if it was: it is given up with that.</summary>
    public DatabaseException? Damage { get; set; }

    /// <summary>Whether it is being withdrawn.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Whether its caller may still be told that it took effect.</summary>
    public bool IsWaiting => !IsGivenUp && Volatile.Read(ref taken) == 0;

    /// <summary>Done when its caller is answered, or it is back in the queue.</summary>
    public Task Answered => answered.Task;

    /// <summary>Whether the one who asks is the one who answers.</summary>
    public bool TryTake() => Interlocked.Exchange(ref taken, 1) == 0;

    /// <summary>It is answered.</summary>
    public void End() => answered.TrySetResult();
}
