namespace OrleansSqlite.Tests.Vfs;

/// <summary>What a batch makes for itself ends with it: the next one on the same connection may be anybody's.</summary>
public sealed class TemporaryTests
{
    [Theory]
    [InlineData("CREATE TEMP TABLE x(v)")]
    [InlineData("CREATE TABLE temp.x(v)")]
    [InlineData("CREATE TEMP VIEW x AS SELECT 1 AS v")]
    [InlineData("CREATE VIEW temp.x AS SELECT 1 AS v")]
    [InlineData("CREATE TABLE temp.x AS SELECT 1 AS v")]
    [InlineData("CREATE VIRTUAL TABLE temp.x USING fts5(v)")]
    [InlineData("CREATE VIRTUAL TABLE f USING fts5(v); CREATE VIRTUAL TABLE temp.x USING fts5vocab('main', 'f', 'row')")]
    public async Task Temporary_things_end_with_their_batch(string sql)
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync(new Batch(sql, "SELECT * FROM x"));
        Assert.Equal("no such table: x", (await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync("SELECT * FROM x"))).Message);
        await rivalry.My.ExecuteAsync("CREATE TABLE x(v)");
        await rivalry.My.ExecuteAsync("INSERT INTO x VALUES ('stored')");
        Assert.Equal("stored", (await rivalry.Its.ScalarAsync("SELECT v FROM x")).AsText());
    }

    [Fact]
    public async Task A_temporary_trigger_fires_for_its_own_batch_only()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync(new Batch(
            "CREATE TABLE t(v)",
            "CREATE TABLE log(v)",
            "CREATE TEMP TRIGGER x AFTER INSERT ON main.t BEGIN INSERT INTO log VALUES (new.v); END",
            "INSERT INTO t VALUES ('own')"));
        await rivalry.My.ExecuteAsync("INSERT INTO t VALUES ('next')");
        Assert.Equal("own", (await rivalry.My.ScalarAsync("SELECT group_concat(v) FROM log")).AsText());
    }

    // Sorters, materialised views and temporary tables spill to files of the machine, next to no stored database.
    [Fact]
    public void Temporary_files_are_the_platforms()
    {
        using var chain = new Chain();
        using var connection = chain.Open();
        connection.Run("PRAGMA temp_store=FILE; PRAGMA cache_size=10; CREATE TABLE t(v); CREATE TEMP TABLE big(v)");
        connection.Run("PRAGMA temp.cache_size=10; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO big SELECT randomblob(1000) FROM n");
        connection.Run("BEGIN; INSERT INTO t SELECT v FROM big ORDER BY v; SAVEPOINT s; DELETE FROM big; ROLLBACK TO s; COMMIT");
        Assert.Equal(3000, connection.Number("SELECT count(*) FROM big"));
        Assert.Equal(3000, connection.Number("SELECT count(*) FROM t JOIN big USING (v)"));
        using var other = chain.Open();
        Assert.Equal(["t"], other.Rows("SELECT name FROM sqlite_schema"));
        other.AssertSound();
    }

    [Fact]
    public async Task A_closure_leaves_nothing_behind_either()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.WriteAsync(connection =>
        {
            connection.Run("CREATE TEMP TABLE x(v); INSERT INTO x VALUES (1); CREATE TABLE t AS SELECT v FROM x; PRAGMA cache_size=7; PRAGMA recursive_triggers=ON");
            return 0;
        });
        await rivalry.My.WriteAsync(connection =>
        {
            Assert.Equal(["t"], connection.Rows("SELECT name FROM sqlite_schema UNION ALL SELECT name FROM sqlite_temp_schema"));
            Assert.NotEqual(7, connection.Number("PRAGMA cache_size"));
            return 0;
        });
    }
}
