using System.Threading.Channels;
using OrleansSqlite.Commit;
using OrleansSqlite.Pages;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Transactions;

/// <summary>
/// A transaction that ran on a caller's own connection and thread, and now wants to be committed. It ran without a turn, on a
/// durable head: if that is still the tip when its turn comes, its pages are stacked as they are. If not, the turn is lent to the
/// caller's thread, which runs the transaction again on the tip and stacks it there.
/// </summary>
internal sealed class InteractiveTransaction : WriteTransaction
{
    private readonly DatabaseContext context;
    private readonly Speculation speculation;
    private readonly long version;
    private readonly bool canRunAgain;
    private readonly Channel<CommitAnswer> answers = Channel.CreateUnbounded<CommitAnswer>();
    private Snapshot? ranOn;
    private Overlay? changes;
    private Snapshot? after;

    /// <summary>Makes one.</summary>
    /// <param name="context">The database.</param>
    /// <param name="speculation">What it is stacked on.</param>
    /// <param name="ranOn">The state that it ran on; handed over. Null if it is to run again in any case.</param>
    /// <param name="changes">Its pages, which stay as they are until an answer has come; null if it changed nothing.</param>
    /// <param name="version">The version that it has recorded as its own, or -1.</param>
    /// <param name="canRunAgain">Whether somebody waits who can run it again.</param>
    public InteractiveTransaction(
        DatabaseContext context, Speculation speculation, Snapshot? ranOn, Overlay? changes, long version, bool canRunAgain)
        : base(CancellationToken.None)
    {
        this.context = context;
        this.speculation = speculation;
        this.ranOn = ranOn;
        this.changes = changes;
        this.version = version;
        this.canRunAgain = canRunAgain;
    }

    /// <summary>Whether its caller is somebody who could leave it.</summary>
    public bool MayBeLeft { get; init; }

    /// <inheritdoc/>
    public override bool CanBeLeft => MayBeLeft && canRunAgain && Verdict is null && (Pages is not null || changes is not null);

    /// <summary>There is a crowd: its caller is asked to leave it, or to come again.</summary>
    public void Decline()
    {
        Answered();
        ranOn?.Release();
        ranOn = null;
        Forget();
        Tell(new CommitAnswer.Declined(Losses, QueuedAt));
    }

    /// <summary>Waits, on the caller's thread, for the next answer. After a lent turn there is always another one.</summary>
    public CommitAnswer Wait()
    {
        // A task, not an event: the thread pool notices a task that is waited for, and makes up for the thread.
        var next = answers.Reader.ReadAsync();
        return next.IsCompletedSuccessfully ? next.Result : next.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Stacks what the caller ran.</summary>
    /// <param name="state">The state that it ran on.</param>
    /// <param name="pages">Its pages.</param>
    /// <param name="exactVersion">The version that it has recorded as its own, or -1.</param>
    public bool TryStack(Snapshot state, Overlay pages, long exactVersion) =>
        speculation.TryStack(this, state, exactVersion, pages, out after); // The field itself: once it is stacked, it may land at any moment.

    /// <inheritdoc/>
    public override bool TakeTurn(WriteConnection connection)
    {
        Reset();
        Forget();
        if (TryStackFirstRun())
        {
            return true;
        }

        var (tip, next) = speculation.Begin();
        try
        {
            Verdict = canRunAgain
                ? LeftAs?.Obstacle(context, tip, speculation.Current?.Head.CollectionEpoch ?? 0)
                : Errors.NotRepeatable(context.Name, "it came from a command that this connection did not make, or from incremental blob I/O");
            if (Verdict is not null)
            {
                return speculation.TryStackUnchanged(this, tip);
            }

            var turn = new LentTurn(this, tip.Share(), next);
            Tell(new CommitAnswer.TurnLent(turn));
            var end = turn.WaitUntilReturned(context);
            switch (end.Kind)
            {
                case TurnEndKind.Stacked:
                    return true;
                case TurnEndKind.Refused:
                    return false;
                case TurnEndKind.Abandoned:
                    throw end.Error!;
                default:
                    // A verdict counts only if the state that it was met on is, or becomes, durable.
                    Verdict = end.Error;
                    return speculation.TryStackUnchanged(this, tip);
            }
        }
        finally
        {
            tip.Release();
        }
    }

    /// <inheritdoc/>
    public override void Complete(long version)
    {
        Answered();
        var state = after;
        after = null;
        Tell(new CommitAnswer.Landed(version, state));
    }

    /// <inheritdoc/>
    public override void Fail(Exception error)
    {
        Answered();
        ranOn?.Release();
        ranOn = null;
        Forget();
        Tell(new CommitAnswer.Failed(error));
    }

    private bool TryStackFirstRun()
    {
        if (ranOn is not { } state)
        {
            return false;
        }

        var pages = changes;
        (ranOn, changes) = (null, null);
        try
        {
            return pages is null
                ? speculation.TryStackUnchanged(this, state)
                : TryStack(state, pages, version);
        }
        finally
        {
            state.Release();
        }
    }

    private void Tell(CommitAnswer answer) => answers.Writer.TryWrite(answer);

    private void Forget()
    {
        after?.Release();
        after = null;
    }
}

/// <summary>What a caller that waits for its commit is told.</summary>
internal abstract record CommitAnswer
{
    /// <summary>It is durable.</summary>
    /// <param name="Version">The version that carries it; if it changed nothing, one at which that was so.</param>
    /// <param name="After">The state after it, with a reference for the caller; null if it changed nothing.</param>
    public sealed record Landed(long Version, Snapshot? After) : CommitAnswer;

    /// <summary>Another commit was first: the caller has the turn, and is to run again on the turn's tip and then to return it.</summary>
    public sealed record TurnLent(LentTurn Turn) : CommitAnswer;

    /// <summary>It was not applied. So many write that it is better left to one of them than tried again.</summary>
    /// <param name="Losses">How often it has lost a race.</param>
    /// <param name="QueuedAt">When it came, by the monotonic clock.</param>
    public sealed record Declined(int Losses, long QueuedAt) : CommitAnswer;

    /// <summary>It was not applied, or, if the error says so, nobody knows.</summary>
    public sealed record Failed(Exception Error) : CommitAnswer;
}
