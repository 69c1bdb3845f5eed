using System.Diagnostics;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>Large things, and things that would never end.</summary>
public sealed class LimitTests
{
    private const string Endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n";

    [Fact]
    public async Task A_blob_of_20_megabytes()
    {
        await using var rivalry = await Rivalry.OpenAsync(new DatabaseOptions { PageCacheBytes = 1 << 20 });
        byte[] large = new byte[20 << 20];
        new Sample(20).Noise(large);
        await rivalry.My.ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
        var batch = await rivalry.My.ExecuteAsync(new Batch(new Statement("INSERT INTO t(b) VALUES (?) RETURNING b", large)));
        Assert.Equal(SqlValue.From(large), batch.Results[0].Rows[0][0]);
        Assert.Equal(SqlValue.From(large), await rivalry.Its.ScalarAsync("SELECT b FROM t"));
        await rivalry.Its.ExecuteAsync("UPDATE t SET b = substr(b, 1, 1000)");
        Assert.Equal(SqlValue.From(large[..1000]), await rivalry.My.ScalarAsync("SELECT b FROM t"));
        await rivalry.My.ExecuteAsync("VACUUM");
        Assert.InRange((await rivalry.Its.DescribeAsync()).PageCount, 2, 5);
        await rivalry.AssertSameAndSoundAsync();
    }

    [Fact]
    public async Task A_table_of_2000_columns()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        var columns = Enumerable.Range(0, 2000).Select(i => $"c{i}").ToArray();
        await rivalry.My.ExecuteAsync($"CREATE TABLE wide({string.Join(',', columns)})");
        await rivalry.My.ExecuteAsync(
            $"INSERT INTO wide VALUES ({string.Join(',', columns.Select(_ => "?"))})", [.. columns.Select((name, i) => i % 3 == 0 ? (object?)null : i % 3 == 1 ? i : name)]);
        var row = (await rivalry.Its.QueryAllAsync("SELECT * FROM wide"))[0];
        Assert.Equal(2000, row.Count);
        Assert.True(row.Select((value, i) => value == (i % 3 == 0 ? SqlValue.Null : i % 3 == 1 ? SqlValue.From(i) : SqlValue.From($"c{i}"))).All(same => same));
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync("ALTER TABLE wide ADD COLUMN one_more"));
        Assert.Equal("too many columns on sqlite_altertab_wide", error.Message);
    }

    [Fact]
    public async Task A_statement_that_gives_too_much_is_refused_and_the_next_one_is_not()
    {
        await using var rivalry = await Rivalry.OpenAsync(new DatabaseOptions { ResultBytes = 4096 });
        await rivalry.My.ExecuteAsync(new Batch("CREATE TABLE t(v)", "INSERT INTO t VALUES (zeroblob(3000)), (zeroblob(3000))"));
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync(new Batch("DELETE FROM t RETURNING v")));
        Assert.Equal(ErrorCodes.LimitExceeded, error.Code);
        Assert.Equal("A statement gives more than 4096 bytes. Stream it as a query, or ask for fewer rows.", error.Message);
        Assert.Equal(2, (await rivalry.My.QueryAllAsync("SELECT v FROM t")).Count);
        Assert.Single((await rivalry.My.ExecuteAsync(new Batch("SELECT v FROM t LIMIT 1"))).Results[0].Rows);
        Assert.Equal(2, (await rivalry.My.ExecuteAsync(new Batch("SELECT v FROM t LIMIT 1", "SELECT v FROM t LIMIT 1"))).Results.Count);

        // Many small rows count, too.
        error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"));
        Assert.Equal(ErrorCodes.LimitExceeded, error.Code);
    }

    [Fact]
    public async Task A_statement_without_end_is_interrupted_in_a_batch()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync("CREATE TABLE t(v)");
        await AssertEndsAsync(cancellation => rivalry.My.ExecuteAsync(new Batch("INSERT INTO t VALUES (1)", Endless), cancellation));
        await AssertEndsAsync(cancellation => rivalry.My.ExecuteAsync(
            new Batch("INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT i FROM n LIMIT 100000000"), cancellation));
        await AssertUsableAsync(rivalry);
    }

    [Fact]
    public async Task A_statement_without_end_is_interrupted_in_a_closure()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync("CREATE TABLE t(v)");
        await AssertEndsAsync(cancellation => rivalry.My.WriteAsync(
            connection =>
            {
                connection.Run("INSERT INTO t VALUES (1)");
                return connection.One(Endless);
            },
            cancellation));
        await AssertUsableAsync(rivalry);
    }

    [Fact]
    public async Task A_query_without_end_is_interrupted()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync("CREATE TABLE t(v)");
        await AssertEndsAsync(cancellation => rivalry.My.QueryAllAsync(Endless, default, cancellation));
        await AssertEndsAsync(cancellation => rivalry.My.ReadAsync(connection => connection.One(Endless), default, cancellation));
        await AssertUsableAsync(rivalry);
    }

    // A write that waits behind one that is stuck is withdrawn at once.
    [Fact]
    public async Task A_write_that_waits_is_withdrawn()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync("CREATE TABLE t(v)");
        using var stuck = new CancellationTokenSource();
        var first = rivalry.My.ExecuteAsync(new Batch(Endless), stuck.Token);
        await AssertEndsAsync(cancellation => rivalry.My.ExecuteAsync(new Batch("INSERT INTO t VALUES (1)"), cancellation));
        Assert.False(first.IsCompleted);
        await stuck.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await AssertUsableAsync(rivalry);
    }

    [Fact]
    public async Task What_is_cancelled_before_it_begins_does_not_begin()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync("CREATE TABLE t(v)");
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rivalry.My.ExecuteAsync(new Batch("INSERT INTO t VALUES (1)"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rivalry.My.WriteAsync(connection => connection.Try("INSERT INTO t VALUES (1)"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rivalry.My.QueryAllAsync("SELECT 1", default, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rivalry.My.ReadAsync(connection => connection.One("SELECT 1"), default, cancelled));
        await AssertUsableAsync(rivalry);
    }

    private static async Task AssertEndsAsync(Func<CancellationToken, Task> endless)
    {
        using var source = new CancellationTokenSource();
        var running = endless(source.Token);
        await Task.Delay(100);
        Assert.False(running.IsCompleted);
        long began = Stopwatch.GetTimestamp();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
    }

    private static async Task AssertUsableAsync(Rivalry rivalry)
    {
        Assert.Equal(0, (await rivalry.My.ScalarAsync("SELECT count(*) FROM t")).AsInteger());
        await rivalry.My.ExecuteAsync("INSERT INTO t VALUES (1)");
        await rivalry.My.WriteAsync(connection => connection.Try("INSERT INTO t VALUES (2)"));
        Assert.Equal(2, (await rivalry.Its.ScalarAsync("SELECT count(*) FROM t")).AsInteger());
        await rivalry.AssertSameAndSoundAsync();
    }
}
