using OrleansSqlite.Client;

namespace OrleansSqlite.Tests;

/// <summary>What a client may send twice without an operation id.</summary>
public sealed class RepeatableTests
{
    [Theory]
    [InlineData("SELECT 1")]
    [InlineData(" select 1 ; ")]
    [InlineData("VALUES (1)")]
    [InlineData("EXPLAIN QUERY PLAN DELETE FROM t")]
    [InlineData("PRAGMA user_version")]
    [InlineData("PRAGMA main.page_count;")]
    [InlineData("PRAGMA table_info(t)")]
    [InlineData("pragma main.Table_Info ('t')")]
    [InlineData("PRAGMA integrity_check(10)")]
    [InlineData("VACUUM")]
    [InlineData("-- nightly\n/* after\nthe deletions */ VACUUM;")]
    [InlineData("PRAGMA page_size = 8192", "VACUUM")]
    [InlineData("/* smaller */ PRAGMA page_size(1024)", "VACUUM -- now")]
    [InlineData("SELECT 1", "PRAGMA integrity_check")]
    public void What_only_looks_may_be_repeated_and_VACUUM(params string[] statements) => Assert.True(Is(statements));

    [Theory]
    [InlineData("INSERT INTO t VALUES (1)")]
    [InlineData("SELECT 1; DELETE FROM t")]
    [InlineData("SELECTION")]
    [InlineData("WITH x AS (SELECT 1) DELETE FROM t")]
    [InlineData("PRAGMA user_version = 5")]
    [InlineData("PRAGMA user_version(5)")]
    [InlineData("PRAGMA main.user_version ( 5 )")]
    [InlineData("PRAGMA application_id(5)")]
    [InlineData("PRAGMA user_version /* .table_info( */ (5)")]
    [InlineData("PRAGMA x.user_version -- .table_info(\n (5)")]
    [InlineData("PRAGMA page_size(1024)")]
    [InlineData("VACUUM", "DELETE FROM t")]
    [InlineData("VACUUM INTO 'file'")]
    [InlineData("DELETE FROM t", "VACUUM")]
    [InlineData("SELECT 1", "DELETE FROM t")]
    public void What_may_write_gets_an_operation_id(params string[] statements) => Assert.False(Is(statements));

    /// <summary>The two have to agree: the engine refuses a VACUUM that has an id.</summary>
    [Theory]
    [InlineData("VACUUM")]
    [InlineData("/* after the deletions */ VACUUM")]
    [InlineData("PRAGMA page_size = 8192", "VACUUM;")]
    public async Task VACUUM_goes_through_the_grain(params string[] statements)
    {
        await using var scene = await ClusterScene.StartAsync();
        var database = await scene.CreateAsync("app", "CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)");
        await database.ExecuteAsync("INSERT INTO t SELECT value, zeroblob(100000) FROM json_each('[1,2,3,4]')");
        await database.ExecuteAsync("DELETE FROM t WHERE id > 1");
        long before = (await database.DescribeAsync()).PageCount;
        await database.ExecuteAsync(Of(statements));
        Assert.True((await database.DescribeAsync()).PageCount < before / 2);
    }

    private static bool Is(string[] statements) => Repeatable.Is(Of(statements));

    private static Batch Of(string[] statements) => new([.. statements.Select(sql => new Statement(sql))]);
}
