using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Writes of one process take turns.</summary>
public sealed class TurnsTests
{
    [Fact]
    public async Task One_write_runs_at_a_time_and_none_is_forgotten()
    {
        // Threads enough for two drains at once, and gaps in which the queue runs empty just as the next write comes.
        await using var scene = await Scene.WithAsync(1, new DatabaseOptions { Threads = 8 }, "CREATE TABLE t(v INTEGER)");
        int inside = 0;
        int most = 0;
        var database = scene[0].Database;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < 300; i++)
            {
                await database.WriteAsync(db =>
                {
                    int now = Interlocked.Increment(ref inside);
                    most = Math.Max(most, now);
                    Thread.SpinWait((i * 7 + writer) % 50);
                    Interlocked.Decrement(ref inside);
                    return now;
                }).WaitAsync(TimeSpan.FromSeconds(30));
            }
        })));
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Writes_of_one_caller_are_committed_in_their_order()
    {
        await using var scene = await Scene.WithAsync(2, "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER)");
        List<Task> writes = [];
        for (int i = 0; i < 400; i++)
        {
            writes.Add(scene[0].RunAsync("INSERT INTO t(v) VALUES (?)", i));
            if (i % 40 == 0)
            {
                writes.Add(scene[1].RunAsync("INSERT INTO t(v) VALUES (-1)"));
                await Task.Delay(1);
            }
        }

        await Task.WhenAll(writes);
        Assert.Equal(Enumerable.Range(0, 400).Select(i => $"{i}"), await scene[1].ColumnAsync("SELECT v FROM t WHERE v >= 0 ORDER BY id"));
    }
}
