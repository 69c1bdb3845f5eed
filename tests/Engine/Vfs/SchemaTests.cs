using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>
/// What a kept connection knows of the schema. SQLite asks the schema cookie alone whether that still holds, and states that
/// do not descend from each other may carry the same one with other tables behind it.
/// </summary>
public sealed class SchemaTests
{
    [Fact]
    public async Task Two_tables_made_at_once_are_both_there()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        rivalry.BeforeMySwap(its => its.ExecuteAsync("CREATE TABLE b(y)"));
        await rivalry.My.ExecuteAsync("CREATE TABLE a(x)");
        await rivalry.My.ExecuteAsync(new Batch("INSERT INTO a VALUES ('a')", "INSERT INTO b VALUES ('b')"));
        await rivalry.Its.ExecuteAsync(new Batch("INSERT INTO a VALUES ('a2')", "INSERT INTO b VALUES ('b2')"));
        foreach (var database in new[] { rivalry.My, rivalry.Its })
        {
            Assert.Equal(["a", "a2"], await Values(database, "SELECT x FROM a"));
            Assert.Equal(["b", "b2"], await Values(database, "SELECT y FROM b"));
        }

        await rivalry.AssertSameAndSoundAsync();
    }

    // The same cookie, the same root page, another table: rows would land in the wrong one.
    [Fact]
    public async Task A_table_of_a_lost_transaction_is_not_taken_for_the_winners()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync("CREATE TABLE base(v)");
        rivalry.BeforeMySwap(its => its.ExecuteAsync("CREATE TABLE t(theirs, also)"));
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync("CREATE TABLE t(mine)"));
        Assert.Equal("table t already exists", error.Message);
        await rivalry.My.ExecuteAsync("INSERT INTO t VALUES (1, 2)");
        Assert.Equal(["1"], await Values(rivalry.My, "SELECT theirs FROM t"));
        await rivalry.AssertSameAndSoundAsync();
    }

    [Fact]
    public async Task An_index_that_a_rival_made_at_the_same_time_is_kept_up()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync("CREATE TABLE t(a, b)");
        rivalry.BeforeMySwap(its => its.ExecuteAsync("CREATE INDEX theirs ON t(b)"));
        await rivalry.My.ExecuteAsync("CREATE INDEX mine ON t(a)");
        for (int i = 0; i < 50; i++)
        {
            await rivalry.My.ExecuteAsync("INSERT INTO t VALUES (?, ?)", [i, 100 - i]);
        }

        Assert.Equal(["60"], await Values(rivalry.Its, "SELECT b FROM t INDEXED BY theirs WHERE b = 60"));
        Assert.Equal(["60"], await Values(rivalry.Its, "SELECT b FROM t INDEXED BY mine WHERE a = 40"));
        await rivalry.AssertSameAndSoundAsync();
    }

    // Rows written by a kept connection while a rival's data commits come in between: nothing is reopened needlessly, all is there.
    [Fact]
    public async Task Changes_of_data_and_schema_take_turns_between_two_engines()
    {
        await using var rivalry = await Rivalry.OpenAsync(new DatabaseOptions { InlineBytes = 4096 });
        await rivalry.My.ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
        for (int i = 0; i < 30; i++)
        {
            int round = i;
            rivalry.BeforeMySwap(async its =>
            {
                await its.ExecuteAsync($"CREATE TABLE theirs{round}(a, b)");
                await its.ExecuteAsync($"INSERT INTO theirs{round} VALUES ('theirs', {round})");
            });
            await rivalry.My.ExecuteAsync(new Batch($"CREATE TABLE mine{round}(a)", $"INSERT INTO mine{round} VALUES ('mine')", $"INSERT INTO t(v) VALUES ({round})"));
            Assert.Equal(["mine"], await Values(rivalry.Its, $"SELECT a FROM mine{round}"));
            Assert.Equal(["theirs"], await Values(rivalry.My, $"SELECT a FROM theirs{round}"));
        }

        Assert.Equal(["30|435"], await Values(rivalry.Its, "SELECT count(*) || '|' || sum(v) FROM t"));
        await rivalry.AssertSameAndSoundAsync();
    }

    // A kept statement is compiled anew when the schema changes under it: then it has other columns.
    [Fact]
    public async Task A_statement_that_runs_before_and_after_a_schema_change_has_the_columns_of_its_time()
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync(new Batch("CREATE TABLE t(a)", "INSERT INTO t VALUES (1)"));
        var batch = await rivalry.My.ExecuteAsync(new Batch("SELECT * FROM t", "ALTER TABLE t ADD COLUMN b DEFAULT 2", "SELECT * FROM t"));
        Assert.Equal(["a"], batch.Results[0].Columns.Select(column => column.Name));
        Assert.Equal(["a", "b"], batch.Results[2].Columns.Select(column => column.Name));
        Assert.Equal([SqlValue.From(1), SqlValue.From(2)], batch.Results[2].Rows[0]);
        foreach (string column in new[] { "c", "d" })
        {
            Assert.Equal(column == "c" ? 2 : 3, (await rivalry.Its.QueryAllAsync("SELECT * FROM t"))[0].Count);
            await rivalry.My.ExecuteAsync($"ALTER TABLE t ADD COLUMN {column}");
        }

        Assert.Equal(4, (await rivalry.Its.QueryAllAsync("SELECT * FROM t"))[0].Count);
    }

    // A replaced database is another one with the same name: its cookie counts from anywhere.
    [Theory]
    [InlineData("UTF-8")]
    [InlineData("UTF-16le")]
    public async Task A_replaced_database_is_not_read_or_written_by_the_old_ones_schema(string encoding)
    {
        await using var rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync("CREATE TABLE t(a)");
        await rivalry.My.ExecuteAsync("INSERT INTO t VALUES ('old')");
        Assert.Equal(["old"], await Values(rivalry.Its, "SELECT a FROM t"));

        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sqlite");
        try
        {
            using (var made = new SqliteConnection($"Data Source={file};Pooling=False"))
            {
                made.Open();
                made.Run($"PRAGMA encoding='{encoding}'; CREATE TABLE other(x, a); INSERT INTO other VALUES ('new', 'wrong')");
            }

            await rivalry.Other.ImportAsync("app", file, replace: true);
        }
        finally
        {
            File.Delete(file);
        }

        foreach (var database in new[] { rivalry.My, rivalry.Its })
        {
            Assert.Equal(["new"], await Values(database, "SELECT x FROM other"));
            Assert.Equal("no such table: t", (await Assert.ThrowsAsync<DatabaseException>(() => Values(database, "SELECT a FROM t"))).Message);
            Assert.Equal("no such table: t", (await Assert.ThrowsAsync<DatabaseException>(() => database.ExecuteAsync("INSERT INTO t VALUES (1)"))).Message);
        }

        foreach (var database in new[] { rivalry.My, rivalry.Its })
        {
            await database.ExecuteAsync("INSERT INTO other VALUES ('more', 1)");
        }

        Assert.Equal(["new", "more", "more"], await Values(rivalry.My, "SELECT x FROM other"));
        await rivalry.AssertSameAndSoundAsync();
    }

    private static async Task<string[]> Values(EngineDatabase database, string query) =>
        [.. (await database.QueryAllAsync(query)).Select(row => row[0].ToString())];
}
