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
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long added;
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
        // Before anybody can answer it: a registration made later might outlive the answer.
        transaction.OnCancelled(Withdraw);
        try
        {
            lock (gate)
            {
                if (closed)
                {
                    throw speculation.Refusal as DatabaseException ?? (Exception)new ObjectDisposedException(context.Name);
                }

                if (waiting.Count >= context.Options.QueueLength)
                {
                    throw Errors.Overloaded(context.Name, waiting.Count);
                }

                transaction.QueuedAt = context.Time.GetTimestamp();
                transaction.Number = ++added;
                waiting.AddLast(transaction.Place);
            }
        }
        catch
        {
            transaction.Answered();
            throw;
        }

        if (transaction.Cancellation.IsCancellationRequested)
        {
            Withdraw(transaction);
        }

        Kick();
    }

    /// <summary>Lets no transaction begin until <see cref="Resume"/> or <see cref="ReloadAsync"/>.</summary>
    public void Hold()
    {
        lock (gate)
        {
            holding = true;
        }
    }

    /// <summary>Lets the turns go on. If the head is stale it is read first.</summary>
    public void Resume()
    {
        lock (gate)
        {
            holding = false;
        }

        Kick();
    }

    /// <summary>
    /// Puts transactions that have to run again back to their places. Those that have been at it for too long are told so,
    /// and those that were cancelled meanwhile.
    /// </summary>
    public void PutBack(ImmutableArray<WriteTransaction> lost)
    {
        List<(WriteTransaction Transaction, Exception Error)> failed = [];
        lock (gate)
        {
            for (int i = lost.Length - 1; i >= 0; i--)
            {
                if (closed)
                {
                    failed.Add((lost[i], Closed()));
                }
                else if (lost[i].Cancellation.IsCancellationRequested)
                {
                    failed.Add((lost[i], new OperationCanceledException(lost[i].Cancellation)));
                }
                else if (IsSpent(lost[i]))
                {
                    failed.Add((lost[i], Errors.RetriesExhausted(context.Name, lost[i].Losses, Age(lost[i]))));
                }
                else
                {
                    Return(lost[i]);
                }
            }
        }

        foreach (var (transaction, error) in failed)
        {
            transaction.Fail(error);
        }
    }

    /// <summary>Installs the newest head and lets the turns go on. If it cannot be read, whoever waits is told so.</summary>
    /// <param name="known">The newest head, if somebody has just read it.</param>
    public async Task ReloadAsync((Format.Head Head, ETag Tag)? known)
    {
        try
        {
            await InstallAsync(known).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            FailWaiting(Errors.FromStore(context.Name, e));
        }
        catch (DatabaseException e)
        {
            if (e.Kind is ErrorKind.Internal or ErrorKind.Invalid)
            {
                speculation.Refuse(e);
            }

            FailWaiting(e);
        }
        catch (ObjectDisposedException)
        {
            FailWaiting(Closed());
        }
        catch (Exception e)
        {
            // Whatever it is, those who wait must hear of it.
            speculation.Refuse(e);
            FailWaiting(Errors.Refuses(context.Name, e));
        }

        Resume();
    }

    /// <summary>Something has changed: whoever waits may be able to run.</summary>
    public void Kick()
    {
        bool reload;
        lock (gate)
        {
            if (closed || waiting.Count == 0 || draining || holding)
            {
                return;
            }

            reload = !speculation.MayRun;
            if (reload && !speculation.IsStale)
            {
                return;
            }

            (draining, holding) = (!reload, reload);
        }

        if (reload)
        {
            _ = Task.Run(() => ReloadAsync(null));
        }
        else
        {
            threads.Post(Drain);
        }
    }

    /// <summary>Ends the queue: whoever waits is told so. Done when no transaction runs any more.</summary>
    public Task CloseAsync()
    {
        bool isIdle;
        lock (gate)
        {
            if (closed)
            {
                return ended.Task;
            }

            closed = true;
            isIdle = !draining;
            draining = true;
        }

        FailWaiting(Closed());
        if (isIdle && !threads.Post(Drain))
        {
            End();
        }

        return ended.Task;
    }

    private async Task InstallAsync((Format.Head Head, ETag Tag)? known)
    {
        // Pinned before anything is read: what is read afterwards can't be older. A reader may install a head meanwhile that is
        // newer than the one that beat us; then there is nothing left to do.
        var earlier = speculation.Pin();
        try
        {
            if (speculation.Refusal is not null || !speculation.IsStale)
            {
                return;
            }

            var found = known ?? await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false) ?? throw Errors.Gone(context.Name);
            Invariants.CheckLoad(context.Name, earlier.Head, found.Head);
            var loaded = reader.Load(found.Head, found.Tag, earlier);
            if (!speculation.TryInstall(loaded))
            {
                loaded.Snapshot.Release();
            }
        }
        finally
        {
            earlier.Snapshot.Release();
        }
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

    /// <summary>Gives turns. There is one drain at most, posted or running, as long as <see cref="draining"/> says so.</summary>
    private void Drain()
    {
        for (int turn = 0; turn < TurnsInARow; turn++)
        {
            WriteTransaction? transaction = null;
            bool end;
            lock (gate)
            {
                end = closed;
                if (!end && !holding && waiting.First is { } first && speculation.MayRun)
                {
                    transaction = first.Value;
                    waiting.RemoveFirst();
                }

                // From here on the drain may be somebody else's.
                draining = end || transaction is not null;
            }

            if (end)
            {
                End();
                return;
            }

            if (transaction is null)
            {
                Kick();
                return;
            }

            Take(transaction);
        }

        // Other databases want the thread, too.
        if (!threads.Post(Drain))
        {
            End();
        }
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
            transaction.Fail(refusal switch
            {
                DatabaseException known => known,
                ObjectDisposedException => Closed(),
                _ => Errors.Refuses(context.Name, refusal),
            });
            return;
        }

        try
        {
            if (transaction.TakeTurn(connection))
            {
                Stacked?.Invoke();
                return;
            }
        }
        catch (Exception e)
        {
            transaction.Fail(e switch
            {
                StoreException store => Errors.FromStore(context.Name, store),
                ObjectDisposedException => Closed(),
                _ => e,
            });
            return;
        }

        // The tip moved on while it ran: again, on the new one. Nothing was told to anybody.
        PutBack([transaction]);
    }

    /// <summary>Puts a transaction back to where it stood: before all that came after it.</summary>
    private void Return(WriteTransaction transaction)
    {
        var next = waiting.First;
        while (next is not null && next.Value.Number < transaction.Number)
        {
            next = next.Next;
        }

        if (next is null)
        {
            waiting.AddLast(transaction.Place);
        }
        else
        {
            waiting.AddBefore(next, transaction.Place);
        }
    }

    private void End()
    {
        connection.CloseRunner();
        ended.TrySetResult();
    }

    private bool IsSpent(WriteTransaction transaction) =>
        transaction.Losses > context.Options.RetryCount || Age(transaction) > context.Options.RetryTime;

    private TimeSpan Age(WriteTransaction transaction) => context.Time.GetElapsedTime(transaction.QueuedAt);

    private DatabaseException Closed() => new(
        ErrorKind.Unavailable, ErrorCodes.StoreUnavailable, $"The database '{context.Name}' was closed before the write was committed. It was not applied.")
    { Database = context.Name };
}
