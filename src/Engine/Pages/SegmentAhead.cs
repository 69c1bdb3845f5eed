using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Pages;

/// <content>What is read before anybody needs it: the index, and the blocks before a scan.</content>
internal sealed partial class Segment
{
    /// <summary>The most that read-ahead asks for with one request.</summary>
    private const int MaxRangeBytes = 1 << 20;

    /// <summary>Begins to read the index, if it lies in the object and nobody has yet. Nobody waits for it; a failure is found by who needs it.</summary>
    public void BeginIndex()
    {
        if (LacksIndex)
        {
            _ = BeginIndexAsync(source.Cache.Ahead);
        }
    }

    /// <summary>
    /// Reads blocks that will be wanted soon, adjacent ones with one request. Nobody waits for it, but for those who want one of them: so it never
    /// throws. What fails, or is damaged, is left to them.
    /// </summary>
    /// <param name="first">The first block.</param>
    /// <param name="last">The last one.</param>
    /// <param name="budget">Where room for all of them was taken.</param>
    public async Task FetchAheadAsync(int first, int last, AheadBudget budget)
    {
        int next = first;
        if (budget.TryBegin())
        {
            try
            {
                if (LacksIndex)
                {
                    await FetchIndexAsync(budget.Closing).ConfigureAwait(false);
                }

                if (!LacksIndex)
                {
                    List<Task> runs = [];
                    while (next <= last)
                    {
                        int end = Board(next, last);
                        if (end == next)
                        {
                            budget.Give(BlockBytes);
                            next++;
                            continue;
                        }

                        runs.Add(FetchRunAsync(next, end, budget));
                        next = end;
                    }

                    await Task.WhenAll(runs).ConfigureAwait(false);
                }
            }
            catch (DatabaseException)
            {
                // The index is damaged. Who needs it says so.
            }
            finally
            {
                budget.End();
            }
        }

        budget.Give((long)(last + 1 - next) * BlockBytes);
    }

    /// <summary>A scan has passed by some blocks, or has ended before them: those that were read ahead give their room back, and go first.</summary>
    public void PassBy(int first, int last)
    {
        var places = Volatile.Read(ref blocks);
        for (int number = first; places is not null && number <= last; number++)
        {
            if (Volatile.Read(ref places[number]) is { } block && block.TakeAhead())
            {
                block.Chances = 0;
                source.Cache.Ahead.Give(BlockBytes);
            }
        }
    }

    /// <summary>A block that was read ahead is wanted.</summary>
    public void Reached(Block block)
    {
        source.Cache.Ahead.Give(BlockBytes);
        source.Ahead.Reached(this, block.Index);
    }

    private async Task BeginIndexAsync(AheadBudget budget)
    {
        if (budget.TryBegin())
        {
            await FetchIndexAsync(budget.Closing).ConfigureAwait(false);
            budget.End();
        }
    }

    private async Task FetchIndexAsync(CancellationToken cancellation)
    {
        try
        {
            if (flights.Enter(Flights.Index) is { } others)
            {
                await others.ConfigureAwait(false);
                return;
            }

            try
            {
                if (Volatile.Read(ref index) is null && !TryTakeKeptIndex())
                {
                    TakeIndex(await source.ReadRangeAsync(Key, Entry.IndexOffset, Entry.IndexBytes, cancellation).ConfigureAwait(false));
                }
            }
            finally
            {
                flights.Leave(Flights.Index);
            }
        }
        catch (Exception e) when (e is StoreException or DatabaseException or OperationCanceledException or ObjectDisposedException)
        {
            // Who needs the index reads it himself, and meets this himself.
        }
    }

    /// <summary>Begins the reads of as many blocks as one request may bring. Gives the one behind the last; none if the first is there or under way.</summary>
    private int Board(int first, int last)
    {
        int next = first;
        for (long bytes = 0; next <= last; next++)
        {
            bytes += Index.Block(next).StoredBytes;
            if (BlockAt(next).IsResident || (bytes > MaxRangeBytes && next > first) || !flights.TryEnter(next))
            {
                break;
            }
        }

        return next;
    }

    private async Task FetchRunAsync(int first, int end, AheadBudget budget)
    {
        int next = first;
        try
        {
            for (; next < end && TryDecodeKept(next, Index.Block(next), out nint images); next++)
            {
                Bring(next, images, budget);
            }

            if (next < end)
            {
                long offset = Index.Block(next).Offset;
                var final = Index.Block(end - 1);
                var stored = await source.ReadRangeAsync(Key, offset, (int)(final.Offset + final.StoredBytes - offset), budget.Closing).ConfigureAwait(false);
                for (; next < end; next++)
                {
                    var location = Index.Block(next);
                    var bytes = stored.Slice((int)(location.Offset - offset), location.StoredBytes);
                    if (TryDecode(location, bytes.Span, out nint images))
                    {
                        source.Cache.Disk?.Keep(Entry.Id, next, bytes.Span);
                    }

                    Bring(next, images, budget);
                }
            }
        }
        catch (Exception e) when (e is StoreException or OperationCanceledException or ObjectDisposedException or OutOfMemoryException)
        {
            // The reader who comes here reads for himself, and repeats as he always does.
        }
        finally
        {
            for (; next < end; next++)
            {
                budget.Give(BlockBytes);
                flights.Leave(next);
            }
        }
    }

    /// <summary>Publishes a block that was read ahead, unless it is damaged or came too late.</summary>
    private void Bring(int number, nint images, AheadBudget budget)
    {
        var block = BlockAt(number);
        block.MarkAhead();
        if ((images == 0 || !Publish(block, images, pinned: false)) && block.TakeAhead())
        {
            budget.Give(BlockBytes);
        }

        flights.Leave(number);
    }
}
