using System.Collections.Immutable;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Combining;

/// <summary>
/// Decides which writes are left: those that have just come, if there is a crowd, and those that have lost to it. Of a batch its statements are left. A
/// closure runs once more, so that it is known what it does and what it was told; of a connection's transaction that is known to its caller, who is
/// asked to leave it.
/// </summary>
internal sealed class Leaving(
    DatabaseContext context, Speculation speculation, WriteQueue queue, LeftWrites left, Func<ClosureTransaction, Task<(Batch Batch, Telling Telling)?>> record)
{
    private const int MaxLeftAtOnce = 8;
    private readonly Lock gate = new();
    private Task recordings = Task.CompletedTask;

    /// <summary>Leaves a write that has just come, if there is a crowd.</summary>
    public bool TryLeave(WriteTransaction arriving)
    {
        if (!left.CanLeave || speculation.StackedCount > 0 || speculation.Current is not { } known || !arriving.CanBeLeft || !left.Crowd.IsDense(known.Head))
        {
            return false;
        }

        arriving.QueuedAt = context.Time.GetTimestamp();
        return TryLeave([arriving], known.Head, known.Version);
    }

    /// <summary>Leaves writes that have lost a race, if there is a crowd: all of them, or none.</summary>
    public bool TryLeave(ImmutableArray<WriteTransaction> lost, int losses)
    {
        if (!left.CanLeave || lost.Length is 0 or > MaxLeftAtOnce || speculation.Current is not { } known)
        {
            return false;
        }

        // What it lost to is no sign of somebody who gets on.
        return lost.All(static transaction => transaction.CanBeLeft)
            && left.Crowd.IsDenseAfter(losses, known.Head)
            && TryLeave(lost, known.Head, known.Version + 1);
    }

    /// <summary>Leaves what a caller has run who was asked to.</summary>
    /// <returns>False if it can't be left: it is too large, or this process carries what others have left.</returns>
    public bool TryLeave(ToldWrite write, Batch batch, Telling telling) =>
        left.CanLeave && speculation.Current is { } known && left.TryLeave([(write, batch, telling)], known.Head, known.Version + 1);

    /// <summary>Done when no closure is being recorded any more.</summary>
    public Task CloseAsync()
    {
        lock (gate)
        {
            return recordings;
        }
    }

    private bool TryLeave(IReadOnlyList<WriteTransaction> transactions, Head known, long version)
    {
        if (!left.TryLeave([.. transactions.OfType<BatchTransaction>().Select(static one => ((ILeavable)one, one.Batch, (Telling?)null))], known, version))
        {
            return false;
        }

        left.Crowd.Meet();
        foreach (var transaction in transactions)
        {
            if (transaction is InteractiveTransaction interactive)
            {
                interactive.Decline();
            }
            else if (transaction is ClosureTransaction closure)
            {
                lock (gate)
                {
                    recordings = Task.WhenAll(recordings, LeaveAsync(closure));
                }
            }
        }

        return true;
    }

    private async Task LeaveAsync(ClosureTransaction closure)
    {
        bool isLeft = false;
        try
        {
            isLeft = await record(closure).ConfigureAwait(false) is var (batch, telling)
                && left.CanLeave
                && speculation.Current is { } known
                && left.TryLeave([(closure, batch, telling)], known.Head, known.Version);
        }
        catch (Exception)
        {
            // Whatever it is, it shows again where it is told: in the closure's own turn.
        }

        if (!isLeft)
        {
            closure.GoBack(queue);
        }
    }
}
