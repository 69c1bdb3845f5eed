using OrleansSqlite.Commit;
using OrleansSqlite.Pages;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Transactions;

/// <summary>
/// The turn, lent by the engine's thread to the thread of a caller whose transaction has to run again. While it is out no other
/// write of this process runs on the database, so it comes back within a bound or is taken back.
/// </summary>
internal sealed class LentTurn(InteractiveTransaction transaction, Snapshot tip, long version)
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource<TurnEnd> returned = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whose turn it is.</summary>
    public InteractiveTransaction Transaction => transaction;

    /// <summary>The version that will carry what is stacked.</summary>
    public long Version => version;

    /// <summary>The state to run on, with a reference for the caller, who asks once.</summary>
    public Snapshot Tip => tip;

    /// <summary>Stacks what the caller ran, and returns the turn either way.</summary>
    public void Stack(Snapshot ranOn, Overlay changes, long exactVersion)
    {
        lock (gate)
        {
            if (!returned.Task.IsCompleted)
            {
                bool isStacked = transaction.TryStack(ranOn, changes, exactVersion);
                returned.SetResult(new TurnEnd(isStacked ? TurnEndKind.Stacked : TurnEndKind.Refused, null));
            }
        }
    }

    /// <summary>Returns the turn: the transaction changed nothing on the tip, or ended there with an error.</summary>
    /// <param name="verdict">The error that the caller is to be told, if what it was met on is durable.</param>
    public void Return(Exception? verdict) => End(new TurnEnd(TurnEndKind.Unchanged, verdict));

    /// <summary>Returns the turn: the caller gives up, and waits for no answer.</summary>
    public void Abandon(Exception error) => End(new TurnEnd(TurnEndKind.Abandoned, error));

    /// <summary>Waits on the engine's thread until the turn is back. One that is not in time is taken back, and its transaction fails.</summary>
    public TurnEnd WaitUntilReturned(DatabaseContext context)
    {
        var bound = context.Options.RetryTime;
        try
        {
            return returned.Task.WaitAsync(bound, context.Time).GetAwaiter().GetResult();
        }
        catch (TimeoutException)
        {
            // Unless it came back in this moment.
            Abandon(Errors.RetriesExhausted(context.Name, transaction.Losses + 1, bound));
            return returned.Task.GetAwaiter().GetResult();
        }
    }

    private void End(TurnEnd end)
    {
        lock (gate)
        {
            returned.TrySetResult(end);
        }
    }
}

/// <summary>How a lent turn ended.</summary>
/// <param name="Kind">Which way.</param>
/// <param name="Error">The verdict, or why it was abandoned.</param>
internal readonly record struct TurnEnd(TurnEndKind Kind, Exception? Error);

/// <summary>The ways in which a lent turn ends.</summary>
internal enum TurnEndKind
{
    /// <summary>The transaction is stacked.</summary>
    Stacked,

    /// <summary>The tip has moved on all the same (a head was read meanwhile): it needs another turn.</summary>
    Refused,

    /// <summary>It changed nothing, or ended with an error.</summary>
    Unchanged,

    /// <summary>Nobody waits for its answer, or it took too long.</summary>
    Abandoned,
}
