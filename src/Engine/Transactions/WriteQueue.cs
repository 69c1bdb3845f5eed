using System.Collections.Immutable;
using OrleansSqlite.Commit;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Transactions;

/// <summary>
/// Gives the writes of this process their turns: one after the other, in order, on one of the engine's threads. The next one runs
/// on the result of the previous one without waiting for its swap.
/// </summary>
internal sealed class WriteQueue
{
    private const int TurnsInARow = 128;
    private readonly DatabaseContext context;
    private readonly Speculation speculation;
    private readonly EngineThreads threads;
    private readonly HeadReader reader;
    private readonly Lock gate = new();
    private readonly LinkedList<WriteTransaction> waiting = new();
    private readonly WriteConnection connection;
    private bool draining;
    private bool holding;
    private bool closed;

    public WriteQueue(DatabaseContext context, Speculation speculation, EngineThreads threads, HeadReader reader)
    {
        this.context = context;
        this.speculation = speculation;
        this.threads = threads;
        this.reader = reader;
        connection = new WriteConnection(context, speculation);
        speculation.Changed += Kick;
    }

    /// <summary>Raised when a transaction has been stacked.</summary>
    public event Action? Stacked;

    /// <summary>Queues a write.</summary>
    /// <exception cref="DatabaseException">Overloaded, or the database refuses writes.</exception>
    public void Add(WriteTransaction transaction)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (waiting.Count >= context.Options.QueueLength)
            {
                throw Errors.Overloaded(context.Name, waiting.Count);
            }

            transaction.QueuedAt = context.Time.GetTimestamp();
            waiting.AddLast(transaction.Place);
        }

        transaction.OnCancelled(Withdraw);

        Kick();
    }

    /// <summary>
    /// Puts transactions that lost a race back at the front, in their order, and holds all turns until <see cref="ReloadAsync"/>.
    /// Those that have been at it for too long are told so.
    /// </summary>
    public void PutBack(ImmutableArray<WriteTransaction> lost)
    {
        List<WriteTransaction> spent = [];
        lock (gate)
        {
            holding = true;
            for (int i = lost.Length - 1; i >= 0; i--)
            {
                if (IsSpent(lost[i]))
                {
                    spent.Add(lost[i]);
                }
                else
                {
                    waiting.AddFirst(lost[i].Place);
                }
            }
        }

        foreach (var transaction in spent)
        {
            transaction.Fail(Errors.RetriesExhausted(context.Name, transaction.Losses, Age(transaction)));
        }
    }

    /// <summary>Installs the newest head and lets the turns go on. If it cannot be read, whoever waits is told so.</summary>
    /// <param name="known">The newest head, if somebody has just read it.</param>
    public async Task ReloadAsync((Format.Head Head, ETag Tag)? known)
    {
        DatabaseException? failure = null;
        try
        {
            var found = known ?? await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false) ?? throw Errors.NotFound(context.Name);
            var earlier = speculation.Pin();
            try
            {
                Invariants.CheckLoad(context.Name, earlier.Head, found.Head);
                var loaded = reader.Load(found.Head, found.Tag, earlier);
                if (!speculation.TryInstall(loaded))
                {
                    // Another reader of the head was quicker, and turns go on already.
                    loaded.Snapshot.Release();
                }
            }
            finally
            {
                earlier.Snapshot.Release();
            }
        }
        catch (StoreException e)
        {
            failure = Errors.FromStore(context.Name, e);
        }
        catch (DatabaseException e)
        {
            failure = e;
            if (e.Kind is ErrorKind.Internal or ErrorKind.Invalid)
            {
                speculation.Refuse(e);
            }
        }

        if (failure is not null)
        {
            FailWaiting(failure);
        }

        lock (gate)
        {
            holding = false;
        }

        Kick();
    }

    /// <summary>Something has changed: whoever waits may be able to run.</summary>
    public void Kick()
    {
        lock (gate)
        {
            if (waiting.Count == 0 || draining || holding)
            {
                return;
            }

            if (speculation.MayRun)
            {
                draining = true;
                threads.Post(Drain);
            }
            else if (speculation.IsStale)
            {
                holding = true;
                _ = Task.Run(() => ReloadAsync(null));
            }
        }
    }

    /// <summary>Ends the queue: whoever waits is told so.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
        }

        FailWaiting(new DatabaseException(ErrorKind.Unavailable, ErrorCodes.StoreUnavailable, $"The database '{context.Name}' was closed before the write ran."));
        threads.Post(connection.CloseRunner);
    }

    /// <summary>Cancelled: a write that waits is answered at once; one that runs is interrupted; one under way to the store lands or not.</summary>
    private void Withdraw(WriteTransaction transaction)
    {
        lock (gate)
        {
            if (transaction.Place.List != waiting)
            {
                return;
            }

            waiting.Remove(transaction.Place);
        }

        transaction.Fail(new OperationCanceledException(transaction.Cancellation));
    }

    private void FailWaiting(DatabaseException error)
    {
        WriteTransaction[] failed;
        lock (gate)
        {
            failed = [.. waiting];
            waiting.Clear();
        }

        foreach (var transaction in failed)
        {
            transaction.Fail(error);
        }
    }

    private void Drain()
    {
        for (int turn = 0; turn < TurnsInARow; turn++)
        {
            WriteTransaction transaction;
            lock (gate)
            {
                if (waiting.First is not { } first || holding || !speculation.MayRun)
                {
                    draining = false;
                    break;
                }

                transaction = first.Value;
                waiting.RemoveFirst();
            }

            Take(transaction);
        }

        lock (gate)
        {
            if (draining)
            {
                // Other databases want the thread, too.
                threads.Post(Drain);
                return;
            }
        }

        Kick();
    }

    private void Take(WriteTransaction transaction)
    {
        if (transaction.Cancellation.IsCancellationRequested)
        {
            transaction.Fail(new OperationCanceledException(transaction.Cancellation));
            return;
        }

        if (speculation.Refusal is { } refusal)
        {
            transaction.Fail(refusal as DatabaseException ?? Errors.Refuses(context.Name, refusal));
            return;
        }

        try
        {
            if (connection.TryRun(transaction))
            {
                Stacked?.Invoke();
                return;
            }
        }
        catch (StoreException e)
        {
            transaction.Fail(Errors.FromStore(context.Name, e));
            return;
        }
        catch (Exception e)
        {
            transaction.Fail(e);
            return;
        }

        // The tip moved on while it ran: again, on the new one. Nothing was told to anybody.
        lock (gate)
        {
            waiting.AddFirst(transaction.Place);
        }
    }

    private bool IsSpent(WriteTransaction transaction) =>
        transaction.Losses > context.Options.RetryCount || Age(transaction) > context.Options.RetryTime;

    private TimeSpan Age(WriteTransaction transaction) => context.Time.GetElapsedTime(transaction.QueuedAt);
}
