using OrleansSqlite.Combining;
using OrleansSqlite.Commit;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;
using OrleansSqlite.Transactions;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Data;

/// <summary>
/// What the file of an <see cref="OrleansSqliteConnection"/> stands on. Each transaction pins a state and runs on it without a
/// turn; its commit point waits, on the caller's thread, until the commit has landed.
/// </summary>
internal sealed class DataSession(EngineDatabase database, bool isReadOnly) : Session
{
    private Snapshot? held;
    private bool heldWasCurrent;
    private bool heldIsPast;
    private object? schema;
    private bool isRunning;
    private Snapshot? tip;
    private int users;

    /// <inheritdoc/>
    public override long TransactionBytes => database.Context.Options.TransactionBytes;

    /// <summary>What a read promises.</summary>
    public ReadLevel Level { get; set; }

    /// <summary>The turn, while it is lent to this thread.</summary>
    public LentTurn? Turn { get; private set; }

    /// <summary>Whether somebody above can run the transaction again, should its commit point find another state than it ran on.</summary>
    public bool CanRunAgain { get; set; }

    /// <summary>Whether what is committed now could be left to others, should there be a crowd of them.</summary>
    public bool MayBeLeft { get; set; }

    /// <summary>Whether the commit point was refused because there is a crowd: it is to be left, or to come again.</summary>
    public CommitAnswer.Declined? Declined { get; private set; }

    /// <summary>Whether a transcript is being run again: it must not commit.</summary>
    public bool IsRebasing { get; set; }

    /// <summary>Whether the commit point was refused because a rival was first, and the turn is here to run again.</summary>
    public bool HasLostRace { get; private set; }

    /// <summary>Whether something ran on a state of which nobody knows that it was current, and has not been committed since.</summary>
    public bool MustConfirm { get; private set; }

    /// <summary>The version that the transaction has recorded as its own, or -1.</summary>
    public long ExactVersion { get; set; } = -1;

    /// <summary>The version of the newest commit of this connection.</summary>
    public long? CommitVersion { get; private set; }

    /// <summary>Whether SQLite's parsed schema may be another one than the held state's, though its counter be the same.</summary>
    public bool HasStaleSchema { get; private set; }

    /// <summary>The version that a transaction on the held state would get, if nothing comes between.</summary>
    public long NextVersion => Turn?.Version ?? database.Speculation.Current?.Version + 1 ?? 1;

    /// <summary>Whether a transaction of SQLite holds a state now.</summary>
    public bool IsRunning => isRunning;

    /// <summary>A command begins. If no transaction runs, pins the state that the command's will see.</summary>
    /// <param name="text">What is known of the command.</param>
    /// <param name="read">The head for a read, if it was fetched already; handed over.</param>
    public void Enter(CommandText text, DurableHead? read)
    {
        Failure = null;
        users++;
        if (isRunning)
        {
            read?.Snapshot.Release();
            return;
        }

        MustConfirm = false;
        if (!text.NeedsDatabase)
        {
            read?.Snapshot.Release();
            return;
        }

        // On a level of the past a write sees what its reads see, and is refused once it tries to change that.
        if (read is null && (text.Reads || Level.IsPast))
        {
            read = database.PinAsync(Level, CancellationToken.None).GetAwaiter().GetResult();
        }

        Hold((read ?? database.Speculation.Pin()).Snapshot, wasCurrent: read is not null, isPast: Level.IsPast);
    }

    /// <summary>A command, or its reader, ends.</summary>
    public void Leave()
    {
        users--;
        LetGoIfIdle();
    }

    /// <summary>An attempt to execute the command begins.</summary>
    public void BeginAttempt() => (HasLostRace, Declined) = (false, null);

    /// <summary>The schema of the held state is what SQLite will parse now.</summary>
    public void SchemaWasReset()
    {
        schema = held?.Schema;
        HasStaleSchema = false;
    }

    /// <summary>The next transaction runs on the tip of the lent turn.</summary>
    public void TakeTip()
    {
        Failure = null;
        MustConfirm = false;
        var state = tip!;
        tip = null;
        Hold(state, wasCurrent: true, isPast: false);
    }

    /// <summary>
    /// What the caller is about to be told (nothing changed; or that error) counts if the state that it was met on was current:
    /// finds out. With the turn in hand that returns it.
    /// </summary>
    public CommitAnswer Confirm(Exception? verdict)
    {
        InteractiveTransaction transaction;
        if (Turn is { } turn)
        {
            ReleaseTurn();
            transaction = turn.Transaction;
            turn.Return(verdict);
        }
        else
        {
            transaction = new InteractiveTransaction(database.Context, database.Speculation, held!.Share(), null, -1, canRunAgain: true);
            Queue(transaction);
        }

        var answer = transaction.Wait();
        switch (answer)
        {
            case CommitAnswer.Landed:
                MustConfirm = false;
                heldWasCurrent = true;
                break;
            case CommitAnswer.TurnLent lent:
                Accept(lent.Turn);
                break;
        }

        return answer;
    }

    /// <summary>After it was declined, and could not be left or came back: waits until the turn is here.</summary>
    /// <param name="leftAs">As what it lay in the inbox; null if it did not.</param>
    public CommitAnswer AskForTurn(LeftAs? leftAs)
    {
        var transaction = new InteractiveTransaction(database.Context, database.Speculation, null, null, -1, canRunAgain: true)
        {
            Losses = Declined!.Losses,
            LeftAs = leftAs,
        };
        try
        {
            Queue(transaction);
        }
        catch (Exception e) when (e is DatabaseException or ObjectDisposedException)
        {
            // Its answer says so.
        }

        var answer = transaction.Wait();
        if (answer is CommitAnswer.TurnLent lent)
        {
            Accept(lent.Turn);
        }

        return answer;
    }

    /// <summary>What was committed here has been left, and was carried by somebody.</summary>
    public void Carried(long version) => (CommitVersion, MustConfirm) = (version, false);

    /// <summary>Whatever happens above: the turn is not kept.</summary>
    public void GiveTurnBack(Exception? because)
    {
        if (Turn is { } turn)
        {
            ReleaseTurn();
            turn.Abandon(because ?? new InvalidOperationException("The turn was not used."));
        }
    }

    /// <summary>The connection is closed.</summary>
    public void Close()
    {
        users = 0;
        isRunning = false;
        LetGoIfIdle();
    }

    /// <inheritdoc/>
    public override Snapshot Begin()
    {
        if (held is null)
        {
            BeginUnannounced();
        }

        isRunning = true;
        MustConfirm |= !heldWasCurrent;
        return held!.Share();
    }

    /// <inheritdoc/>
    public override Snapshot Peek() => held?.Share() ?? database.Speculation.Pin().Snapshot;

    /// <inheritdoc/>
    public override void Ended()
    {
        isRunning = false;
        LetGoIfIdle();
    }

    /// <inheritdoc/>
    public override int Reserve()
    {
        if (heldIsPast)
        {
            Failure = DataErrors.OfThePast(database.Name);
        }

        return isReadOnly || heldIsPast ? Code.ReadOnly : Code.Ok;
    }

    /// <inheritdoc/>
    public override int Commit(Snapshot snapshot, Overlay changes, out Snapshot? next)
    {
        next = null;
        if (IsRebasing)
        {
            // Only the command that the caller waits for commits.
            return Code.AbortRollback;
        }

        InteractiveTransaction transaction;
        if (Turn is { } turn)
        {
            ReleaseTurn();
            transaction = turn.Transaction;
            turn.Stack(snapshot, changes, ExactVersion);
        }
        else
        {
            transaction = new InteractiveTransaction(database.Context, database.Speculation, snapshot.Share(), changes, ExactVersion, CanRunAgain) { MayBeLeft = MayBeLeft };
            try
            {
                Queue(transaction);
            }
            catch (Exception e) when (e is DatabaseException or ObjectDisposedException)
            {
                return Refuse(e);
            }
        }

        switch (transaction.Wait())
        {
            case CommitAnswer.Landed landed:
                next = landed.After!;
                CommitVersion = landed.Version;
                MustConfirm = false;
                schema = next.Schema;
                held?.Release();
                held = next.Share();
                heldWasCurrent = true;
                return Code.Ok;
            case CommitAnswer.TurnLent lent:
                Accept(lent.Turn);
                HasLostRace = true;
                return Code.AbortRollback;
            case CommitAnswer.Declined declined:
                Declined = declined;
                HasLostRace = true;
                return Code.AbortRollback;
            case CommitAnswer.Failed failed:
                return Refuse(failed.Error);
            default:
                return Code.IoFsync;
        }
    }

    private void Accept(LentTurn turn)
    {
        Turn = turn;
        tip = turn.Tip;
    }

    /// <summary>The turn goes out of hand; so does its tip, if nothing ran on it.</summary>
    private void ReleaseTurn()
    {
        Turn = null;
        tip?.Release();
        tip = null;
    }

    private void Queue(InteractiveTransaction transaction)
    {
        try
        {
            database.Queue(transaction);
        }
        catch (Exception e)
        {
            transaction.Fail(e);
            throw;
        }
    }

    /// <summary>Never BUSY: the provider would sleep and try again. A lost race is 516, a doubt 1034.</summary>
    private int Refuse(Exception error)
    {
        Failure = error is StoreException store ? Errors.FromStore(database.Name, store) : error;
        return Failure switch
        {
            DatabaseException { Kind: ErrorKind.Conflict } => Code.AbortRollback,
            DatabaseException { Kind: ErrorKind.Corrupt } => Code.IoCorrupt,
            DatabaseException { Code: ErrorCodes.StoreFull } => Code.Full,
            _ => Code.IoFsync,
        };
    }

    /// <summary>
    /// A transaction begins without a command of this library: another one's, a blob, a backup. SQLite can't be told here to forget the
    /// schema that it has parsed; so if it could take that for the state's own, it must not go on.
    /// </summary>
    private void BeginUnannounced()
    {
        Hold(database.PinAsync(Level, CancellationToken.None).GetAwaiter().GetResult().Snapshot, wasCurrent: true, isPast: Level.IsPast);
        if (HasStaleSchema)
        {
            held!.Release();
            held = null;
            throw Errors.NotRepeatable(database.Name, "the schema may have changed under a command that this connection did not make");
        }
    }

    private void Hold(Snapshot snapshot, bool wasCurrent, bool isPast)
    {
        heldIsPast = isPast;
        held?.Release();
        held = snapshot;
        heldWasCurrent = wasCurrent;
        schema ??= snapshot.Schema;
        HasStaleSchema = !ReferenceEquals(schema, snapshot.Schema);
    }

    /// <summary>A connection that does nothing holds no snapshot.</summary>
    private void LetGoIfIdle()
    {
        if (users <= 0 && !isRunning && held is not null)
        {
            held.Release();
            held = null;
        }
    }
}
