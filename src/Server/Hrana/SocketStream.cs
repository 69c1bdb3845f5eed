namespace OrleansSqlite.Server.Hrana;

/// <summary>A stream of a WebSocket: its requests in order, and its cursors.</summary>
internal sealed class SocketStream(HranaStream stream)
{
    private Task last = Task.CompletedTask;
    private int waiting;

    public HranaStream Stream => stream;

    /// <summary>How many requests have not been answered.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>What the cursors have not given out yet. Used by its requests alone.</summary>
    public Dictionary<int, Queue<CursorEntry>> Cursors { get; } = [];

    /// <summary>Lets work be done after all that came before.</summary>
    public void Enqueue(Func<Task> work)
    {
        Interlocked.Increment(ref waiting);
        last = AfterAsync(last, work);
    }

    /// <summary>Waits until nothing is left to do.</summary>
    public Task IdleAsync() => last;

    /// <summary>Ends it, and its transaction, after what is under way.</summary>
    public async Task CloseAsync()
    {
        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await stream.DisposeAsync();
    }

    /// <summary>The next entries of a cursor.</summary>
    public HranaResponse Fetch(int cursor, int most)
    {
        if (!Cursors.TryGetValue(cursor, out var entries))
        {
            throw new HranaException("CURSOR_NOT_OPEN", $"The cursor {cursor} could not be opened.");
        }

        List<CursorEntry> some = [];
        while (some.Count < most && entries.TryDequeue(out var entry))
        {
            some.Add(entry);
        }

        return new HranaResponse.FetchCursor(some, entries.Count == 0);
    }

    private async Task AfterAsync(Task before, Func<Task> work)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // SQLite runs on the thread that calls it, which must not be the one that reads the messages.
        await Task.Run(work);
        Interlocked.Decrement(ref waiting);
    }
}
