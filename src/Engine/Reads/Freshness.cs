using OrleansSqlite.Commit;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Reads;

/// <summary>
/// Finds the snapshot for a read. A strong read needs proof that its snapshot was current after it began: one conditional GET,
/// shared by all reads that wait at that moment. Readers never wait for writers: a newer head that is found while transactions
/// are stacked here is read beside them.
/// </summary>
internal sealed class Freshness(DatabaseContext context, Speculation speculation, HeadReader reader)
{
    private readonly Lock gate = new();
    private Look? current;
    private Look? next;
    private long started;
    private long proven;
    private long provenAt;

    /// <summary>How many looks have started: a read that notes it as it begins is served by every later one.</summary>
    public long Started => Volatile.Read(ref started);

    /// <summary>Counts a look at the head that starts now; to be followed by <see cref="Prove(long, long)"/> if it succeeds.</summary>
    public long Start() => Interlocked.Increment(ref started);

    /// <summary>The newest head for a read at that level, its snapshot shared for the caller.</summary>
    /// <param name="level">What is asked for.</param>
    /// <param name="since"><see cref="Started"/> when the read began.</param>
    /// <param name="cancellation">Stops waiting.</param>
    public async Task<DurableHead> GetAsync(ReadLevel level, long since, CancellationToken cancellation)
    {
        switch (level.Kind)
        {
            case ReadLevelKind.StaleBy when provenAt != 0 && context.Time.GetElapsedTime(provenAt) <= level.Age:
                return speculation.Pin();
            case ReadLevelKind.AtLeast or ReadLevelKind.AtVersion when speculation.Current is { } known && known.Version >= level.Version:
                return speculation.Pin();
        }

        var head = await LookAsync(since, cancellation).ConfigureAwait(false);
        if (level.Kind == ReadLevelKind.AtLeast && head.Version < level.Version)
        {
            head.Snapshot.Release();
            throw Errors.VersionNotReached(context.Name, level.Version, head.Version);
        }

        return head;
    }

    /// <summary>The newest head here was current at some moment after that time: a look that began then has found it, or a swap has made it.</summary>
    public void Prove(long timestamp)
    {
        long known = Volatile.Read(ref provenAt);
        while (timestamp > known)
        {
            long was = Interlocked.CompareExchange(ref provenAt, timestamp, known);
            if (was == known)
            {
                return;
            }

            known = was;
        }
    }

    /// <summary>The newest head here is what that look found, or newer.</summary>
    /// <param name="look">Its number.</param>
    /// <param name="timestamp">The time when it started, or before.</param>
    public void Prove(long look, long timestamp)
    {
        lock (gate)
        {
            proven = Math.Max(proven, look);
        }

        Prove(timestamp);
    }

    /// <summary>Waits for a look that started after the read began: an earlier one proves nothing for it.</summary>
    private async Task<DurableHead> LookAsync(long since, CancellationToken cancellation)
    {
        Look look;
        bool start;
        lock (gate)
        {
            if (proven > since)
            {
                return speculation.Pin();
            }

            look = current?.Number > since ? current : next ??= new Look();
            look.Waiters++;
            start = current is null;
            if (start)
            {
                Advance();
            }
        }

        if (start)
        {
            _ = RunAsync(look);
        }

        try
        {
            return await look.Done.Task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Its share of the snapshot comes all the same.
            _ = look.Done.Task.ContinueWith(
                static done => done.Result.Snapshot.Release(),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion,
                TaskScheduler.Default);
            throw;
        }
    }

    private async Task RunAsync(Look? look)
    {
        while (look is not null)
        {
            DurableHead? head = null;
            Exception? failure = null;
            try
            {
                head = await AskAsync(look.Number).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                failure = e;
            }

            Look ended = look;
            lock (gate)
            {
                // From here on nobody joins it.
                look = Advance();
            }

            if (head is not null)
            {
                for (int i = 1; i < ended.Waiters; i++)
                {
                    head.Snapshot.Share();
                }

                ended.Done.SetResult(head);
            }
            else
            {
                ended.Done.SetException(failure!);

                // Seen, even if all who waited have given up.
                _ = ended.Done.Task.Exception;
            }

            if (look is not null)
            {
                // A store that answers at once would keep the caller who began this: those who came meanwhile are served elsewhere.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }
        }
    }

    private Look? Advance()
    {
        current = next;
        next = null;
        if (current is not null)
        {
            current.Number = Start();
        }

        return current;
    }

    private async Task<DurableHead> AskAsync(long number)
    {
        long began = context.Time.GetTimestamp();
        var known = speculation.Pin();
        try
        {
            var found = await reader.ReadAsync(known.Tag, CancellationToken.None).ConfigureAwait(false);
            switch (found.Answer)
            {
                case ReadAnswer.NotModified:
                    Prove(number, began);
                    known.Snapshot.Share();
                    return known;
                case ReadAnswer.Missing:
                    throw Errors.Gone(context.Name);
            }

            var head = reader.Decode(found);
            Invariants.CheckLoad(context.Name, known.Head, head);
            var loaded = reader.Load(head, found.Tag, known);
            loaded.Snapshot.Share();
            if (speculation.TryInstall(loaded))
            {
                Prove(number, began);
            }
            else
            {
                loaded.Snapshot.Release();
            }

            return loaded;
        }
        finally
        {
            known.Snapshot.Release();
        }
    }

    private sealed class Look
    {
        public long Number { get; set; }

        public int Waiters { get; set; }

        public TaskCompletionSource<DurableHead> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
