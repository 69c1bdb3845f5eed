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
    private Look? next;
    private bool looking;
    private long provenAt;

    /// <summary>The newest head for a read at that level, its snapshot shared for the caller.</summary>
    public async Task<DurableHead> GetAsync(ReadLevel level, CancellationToken cancellation)
    {
        switch (level.Kind)
        {
            case ReadLevelKind.StaleBy when provenAt != 0 && context.Time.GetElapsedTime(provenAt) <= level.Age:
                return speculation.Pin();
            case ReadLevelKind.AtLeast when speculation.Current is { } current && current.Version >= level.Version:
                return speculation.Pin();
        }

        var head = await LookAsync(cancellation).ConfigureAwait(false);
        if (level.Kind == ReadLevelKind.AtLeast && head.Version < level.Version)
        {
            head.Snapshot.Release();
            throw new DatabaseException(
                ErrorKind.Invalid,
                ErrorCodes.VersionNotReached,
                $"Version {level.Version} of '{context.Name}' is asked for, but it is at {head.Version}. Is the version from another database or store?")
            {
                Database = context.Name,
                Version = head.Version,
            };
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

    /// <summary>Waits for the look that starts next: one that is under way began before this read did, and proves nothing for it.</summary>
    private async Task<DurableHead> LookAsync(CancellationToken cancellation)
    {
        Look look;
        bool start;
        lock (gate)
        {
            look = next ??= new Look();
            look.Waiters++;
            start = !looking;
            looking = true;
        }

        if (start)
        {
            _ = RunAsync();
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

    private async Task RunAsync()
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            Look? look;
            lock (gate)
            {
                look = next;
                next = null;
                if (look is null)
                {
                    looking = false;
                    return;
                }
            }

            if (!isFirst)
            {
                // A store that answers at once would keep the caller who began this: those who came meanwhile are served elsewhere.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }

            try
            {
                var head = await AskAsync().ConfigureAwait(false);
                for (int i = 1; i < look.Waiters; i++)
                {
                    head.Snapshot.Share();
                }

                look.Done.SetResult(head);
            }
            catch (Exception e)
            {
                look.Done.SetException(e);

                // Seen, even if all who waited have given up.
                _ = look.Done.Task.Exception;
            }
        }
    }

    private async Task<DurableHead> AskAsync()
    {
        long began = context.Time.GetTimestamp();
        var known = speculation.Pin();
        try
        {
            var found = await reader.ReadAsync(known.Tag, CancellationToken.None).ConfigureAwait(false);
            switch (found.Answer)
            {
                case ReadAnswer.NotModified:
                    Prove(began);
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
                Prove(began);
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
        public int Waiters { get; set; }

        public TaskCompletionSource<DurableHead> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
