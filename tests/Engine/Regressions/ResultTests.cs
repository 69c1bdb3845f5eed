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
}
