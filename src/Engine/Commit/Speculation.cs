using System.Collections.Immutable;
using OrleansSqlite.Pages;
using OrleansSqlite.Vfs;

namespace OrleansSqlite.Commit;

/// <summary>
/// What this process knows of a database: the newest head that it has made or read, and the transactions stacked on it that wait
/// for their swap. The next transaction runs on the tip of the stack. All state is guarded by one lock, held for moments only.
/// </summary>
internal sealed class Speculation(DatabaseContext context)
{
    private const long MaxStackedBytes = 64L << 20;
    private const int MaxStacked = 16_384;

    private readonly Lock gate = new();
    private readonly List<WriteTransaction> stacked = [];
    private DurableHead? current;
    private Snapshot? tip;
    private long stackedBytes;
    private int underWay;
    private bool swapUnderWay;
    private bool closed;
    private bool stale;
    private Exception? refusal;
    private (int Count, TaskCompletionSource Reached)? awaited;

    /// <summary>Raised, outside of the lock, when transactions may run again or have something to be told.</summary>
    public event Action? Changed;

    /// <summary>The newest durable head, with its snapshot shared for the caller.</summary>
    public DurableHead Pin()
    {
        lock (gate)
        {
            var head = current ?? throw (refusal as DatabaseException as Exception ?? new ObjectDisposedException(context.Name));
            head.Snapshot.Share();
            return head;
        }
    }

    /// <summary>The newest durable head, if one was loaded. Its snapshot may go at any time.</summary>
    public DurableHead? Current
    {
        get
        {
            lock (gate)
            {
                return current;
            }
        }
    }

    /// <summary>Whether a transaction may run now: the head is not known to be stale, and the stack is not full.</summary>
    public bool MayRun
    {
        get
        {
            lock (gate)
            {
                return refusal is not null || (!stale && stackedBytes < MaxStackedBytes && stacked.Count < MaxStacked);
            }
        }
    }

    /// <summary>Whether the next transaction sees exactly the newest durable version.</summary>
    public bool TipIsDurable
    {
        get
        {
            lock (gate)
            {
                return ReferenceEquals(tip!.Identity, current!.Snapshot.Identity);
            }
        }
    }

    /// <summary>Whether a rival was first and the newest head is still to be read.</summary>
    public bool IsStale
    {
        get
        {
            lock (gate)
            {
                return stale;
            }
        }
    }

    /// <summary>Why this database refuses writes, if it does.</summary>
    public Exception? Refusal
    {
        get
        {
            lock (gate)
            {
                return refusal;
            }
        }
    }

    /// <summary>How many transactions wait for their swap.</summary>
    public int StackedCount
    {
        get
        {
            lock (gate)
            {
                return stacked.Count;
            }
        }
    }

    /// <summary>The state for a transaction that runs now, and the version that will carry it.</summary>
    public (Snapshot Snapshot, long Version) Begin()
    {
        lock (gate)
        {
            return ((tip ?? throw new ObjectDisposedException(context.Name)).Share(), NextVersion);
        }
    }

    /// <summary>
    /// Stacks a transaction that changed pages (called at its commit point). Refused if the tip is no longer the state that it
    /// ran on (invariant 1), or if a version was expected (not negative) and another one would carry it.
    /// </summary>
    public bool TryStack(WriteTransaction transaction, Snapshot ranOn, long version, Overlay changes, out Snapshot? next)
    {
        next = null;
        lock (gate)
        {
            if (stale || refusal is not null || !ReferenceEquals(ranOn.Identity, tip!.Identity) || (version >= 0 && version != NextVersion))
            {
                return false;
            }

            long bytes = changes.Bytes;
            var pages = changes.Freeze();
            var after = tip.With(pages, changes.PageBytes, changes.PageCount, context.NextEdit());
            foreach (var block in pages.Values)
            {
                block.Release();
            }

            tip.Release();
            tip = after;
            next = after.Share();
            transaction.Pages = [.. pages.Keys];
            transaction.Tables = changes.Tables;
            transaction.PageBytes = changes.PageBytes;
            stackedBytes += bytes;
            Push(transaction);
            return true;
        }
    }

    /// <summary>
    /// Stacks a transaction that changed nothing: its answer counts only once the state that it saw is durable and was current.
    /// </summary>
    public bool TryStackUnchanged(WriteTransaction transaction, Snapshot ranOn)
    {
        lock (gate)
        {
            if (stale || refusal is not null || !ReferenceEquals(ranOn.Identity, tip!.Identity))
            {
                return false;
            }

            transaction.Pages = null;
            Push(transaction);
            return true;
        }
    }

    /// <summary>Takes everything that is stacked as the group for one swap. Null if there is nothing.</summary>
    public Group? Take()
    {
        Group group;
        bool wasFull;
        lock (gate)
        {
            if (stacked.Count == 0)
            {
                return null;
            }

            underWay = stacked.Count;
            swapUnderWay = stacked.Exists(transaction => transaction.Pages is not null);
            wasFull = stackedBytes >= MaxStackedBytes;
            stackedBytes = 0;
            current!.Snapshot.Share();
            group = new Group(current, tip!.Share(), [.. stacked]);
        }

        if (wasFull)
        {
            // There is room for as much again while these are on their way.
            Changed?.Invoke();
        }

        return group;
    }

    /// <summary>Done when that many transactions are stacked.</summary>
    public Task WhenStacked(int count)
    {
        lock (gate)
        {
            if (stacked.Count >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited = (count, reached);
            return reached.Task;
        }
    }

    /// <summary>The group's swap has landed, or nothing had to be swapped: what was stacked on it stays.</summary>
    /// <param name="landed">The new head, with a snapshot that is handed over; null if the head is still the same.</param>
    /// <param name="rewrite">What the new head took in.</param>
    public void Land(DurableHead? landed, IRewrite? rewrite)
    {
        lock (gate)
        {
            stacked.RemoveRange(0, underWay);
            underWay = 0;
            swapUnderWay = false;
            if (landed is not null)
            {
                Replace(landed);
                if (stacked.Count == 0)
                {
                    ReplaceTip(landed.Snapshot.Share());
                }
                else if (rewrite is not null)
                {
                    ReplaceTip(rewrite.Relocate(context, tip!, landed.Snapshot.Segments));
                }
            }

            ReleaseIfClosed();
        }

        Changed?.Invoke();
    }

    /// <summary>
    /// What is stacked will not land: gives it back, in order (those of the group under way and those stacked on it), and lets nothing
    /// run until the head has been read.
    /// </summary>
    public (ImmutableArray<WriteTransaction> Carried, ImmutableArray<WriteTransaction> Stacked) Lose()
    {
        lock (gate)
        {
            stale = true;
            int carried = underWay;
            underWay = 0;
            swapUnderWay = false;
            stackedBytes = 0;
            ImmutableArray<WriteTransaction> lost = [.. stacked];
            stacked.Clear();
            ReleaseIfClosed();
            return (lost[..carried], lost[carried..]);
        }
    }

    /// <summary>Makes a head that was read the newest one, unless this process knows a newer one or has transactions stacked.</summary>
    /// <returns>Whether it was taken; if not, the snapshot is still the caller's.</returns>
    public bool TryInstall(DurableHead read)
    {
        lock (gate)
        {
            // Heads of one version differ by maintenance; the one read later is the newer.
            if (closed || stacked.Count > 0 || (current is not null && read.Version < current.Version))
            {
                return false;
            }

            stale = false;
            if (current?.Tag == read.Tag)
            {
                // The same head: SQLite's caches are valid for the snapshot that is here.
                read.Snapshot.Release();
                ReplaceTip(current.Snapshot.Share());
                return true;
            }

            Replace(read);
            ReplaceTip(read.Snapshot.Share());
        }

        Changed?.Invoke();
        return true;
    }

    /// <summary>The database is closed here: lets the snapshots go once nothing is stacked any more.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            refusal ??= new ObjectDisposedException(context.Name);
            ReleaseIfClosed();
        }
    }

    /// <summary>Refuses all writes from now on.</summary>
    public void Refuse(Exception because)
    {
        lock (gate)
        {
            refusal ??= because;
        }

        Changed?.Invoke();
    }

    private long NextVersion => current!.Version + (swapUnderWay ? 2 : 1);

    private void Push(WriteTransaction transaction)
    {
        stacked.Add(transaction);
        if (awaited is { } wanted && stacked.Count >= wanted.Count)
        {
            awaited = null;
            wanted.Reached.SetResult();
        }
    }

    private void ReleaseIfClosed()
    {
        if (closed && stacked.Count == 0 && current is not null)
        {
            current.Snapshot.Release();
            tip!.Release();
            current = null;
            tip = null;
        }
    }

    private void Replace(DurableHead head)
    {
        current?.Snapshot.Release();
        current = head;
    }

    private void ReplaceTip(Snapshot snapshot)
    {
        tip?.Release();
        tip = snapshot;
    }
}
