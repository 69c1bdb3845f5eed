namespace OrleansSqlite.Tests.Regressions;

/// <summary>What a statement is said to have given.</summary>
public sealed class ResultTests
{
    [Fact]
    public async Task A_statement_without_columns_gives_no_rows()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v)");
        await rivals.Here.ExecuteAsync(new Batch("PRAGMA auto_vacuum = INCREMENTAL", "VACUUM"));
        await rivals.Here.ExecuteAsync("INSERT INTO t VALUES (zeroblob(100000))");
        await rivals.Here.ExecuteAsync("DELETE FROM t");
        long before = (await rivals.Here.DescribeAsync()).PageCount;

        // SQLite steps once for each page that it gives back, and calls each a row.
        var result = (await rivals.Here.ExecuteAsync("PRAGMA incremental_vacuum")).Results[0];
        Assert.True((await rivals.Here.DescribeAsync()).PageCount < before - 10);
        Assert.Empty(result.Columns);
        Assert.Empty(result.Rows);
    }

    [Fact]
    public async Task A_batch_does_not_see_what_the_one_before_it_changed()
    {
        const string Counts = "SELECT changes() || ',' || total_changes() || ',' || last_insert_rowid()";
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(v)");
        await rivals.Here.ExecuteAsync("INSERT INTO t VALUES (1), (2), (3)");

        // The same connection: another caller's counts are none of this one's business, and a rebase would find others there.
        var results = (await rivals.Here.ExecuteAsync(new Batch(Counts, "INSERT INTO t VALUES (4), (5)", Counts, "UPDATE t SET v = 0", "DELETE FROM t WHERE v = 9", Counts))).Results;
        Assert.Equal(["0,0,0", "2,2,5", "0,7,5"], new[] { 0, 2, 5 }.Select(i => results[i].Rows[0][0].AsText()));
        Assert.Equal(["0,0,0"], (await rivals.Here.ExecuteAsync(Counts)).Results.Select(result => result.Rows[0][0].AsText()));

        await rivals.Here.ExecuteAsync("INSERT INTO t VALUES (6)");
        var vacuum = (await rivals.Here.ExecuteAsync("VACUUM")).Results[0];
        Assert.Equal((0, 0), (vacuum.Changes, vacuum.LastInsertRowId));
    }

    [Fact]
    public async Task A_trigger_and_a_view_count_as_in_SQLite()
    {
        await using var rivals = await Rivals.OpenAsync(
            "CREATE TABLE t(v); CREATE TABLE log(n); CREATE VIEW counts AS SELECT changes() AS n; "
            + "CREATE TRIGGER g AFTER DELETE ON t BEGIN INSERT INTO log SELECT changes(); UPDATE log SET n = n + 10; INSERT INTO log SELECT n FROM counts; END");
        await rivals.Here.ExecuteAsync("INSERT INTO t VALUES (1), (2), (3)");
        await rivals.Here.ExecuteAsync("DELETE FROM t WHERE v = 2");
        Assert.Equal("10,1", await Rivals.RowsAsync(rivals.There, "SELECT group_concat(n) FROM log"));
    }
}
