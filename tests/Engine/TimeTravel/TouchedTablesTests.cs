using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.TimeTravel;

/// <summary>The history names the tables that each commit touched, whichever way they were touched.</summary>
public sealed class TouchedTablesTests
{
    private const string Schema = """
        CREATE TABLE a(id INTEGER PRIMARY KEY, v);
        CREATE TABLE b(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
        CREATE TABLE log(what);
        CREATE TABLE child(parent INTEGER REFERENCES a ON DELETE CASCADE);
        CREATE TABLE "a table of ünusual name"(v);
        CREATE TRIGGER logged AFTER DELETE ON b BEGIN INSERT INTO log VALUES (old.k); END;
        CREATE VIRTUAL TABLE found USING fts5(text);
        INSERT INTO a VALUES (1, 1), (2, 2), (3, 3);
        INSERT INTO b VALUES ('x', 1), ('y', 2);
        """;

    [Theory]
    [InlineData("INSERT INTO a(v) VALUES (9)", "a")]
    [InlineData("UPDATE a SET v = v + 1; UPDATE b SET v = 7 WHERE k = 'x'", "a", "b")]
    [InlineData("INSERT INTO b VALUES ('x', 3) ON CONFLICT DO UPDATE SET v = 3", "b")]
    [InlineData("REPLACE INTO b VALUES ('x', 4)", "b")]
    [InlineData("DELETE FROM a", "a")] // Without WHERE, SQLite need not look at the rows.
    [InlineData("DELETE FROM b WHERE k = 'x'", "b", "log")]
    [InlineData("INSERT INTO child VALUES (2); PRAGMA foreign_keys", "child")]
    [InlineData("INSERT INTO \"a table of ünusual name\" VALUES (1)", "a table of ünusual name")]
    [InlineData("CREATE TABLE c(v); INSERT INTO c VALUES (1)", "c", "sqlite_schema")]
    [InlineData("CREATE TABLE c AS SELECT * FROM a", "sqlite_schema")] // Nobody can have followed it before.
    [InlineData("DROP TABLE child", "sqlite_schema")]
    [InlineData("ALTER TABLE log ADD COLUMN w", "sqlite_schema")]
    [InlineData("CREATE TEMP TABLE t(v); INSERT INTO t VALUES (1); INSERT INTO a VALUES (7, 7)", "a")]
    [InlineData("PRAGMA user_version = 5")]
    public async Task Of_a_batch(string sql, params string[] tables)
    {
        await using var scene = await Scene.WithAsync(1, new DatabaseOptions(), Schema);
        await scene[0].RunAsync(sql);
        Assert.Equal(tables, await NewestAsync(scene[0].Database));
    }

    [Fact]
    public async Task Of_statements_that_ran_before()
    {
        await using var scene = await Scene.WithAsync(1, new DatabaseOptions(), Schema);
        for (int i = 0; i < 3; i++)
        {
            await scene[0].RunAsync("INSERT INTO a(v) VALUES (1)");
            Assert.Equal(["a"], await NewestAsync(scene[0].Database));
            await scene[0].RunAsync("DELETE FROM b WHERE k = ?; INSERT INTO b VALUES ('z', 1)", "z");
            Assert.Equal(i == 0 ? ["b"] : ["b", "log"], await NewestAsync(scene[0].Database));
        }
    }

    [Fact]
    public async Task Of_a_virtual_table_those_that_it_keeps_its_content_in()
    {
        await using var scene = await Scene.WithAsync(1, new DatabaseOptions(), Schema);
        await scene[0].RunAsync("INSERT INTO found VALUES ('hello world')");
        Assert.Equal(["found_content", "found_data", "found_docsize"], (await NewestAsync(scene[0].Database))!.Where(name => name != "found_idx"));
    }

    [Fact]
    public async Task Of_a_closure_and_of_an_operation_without_the_table_of_operations()
    {
        await using var scene = await Scene.WithAsync(1, new DatabaseOptions(), Schema);
        await scene[0].Database.WriteAsync(db =>
        {
            using var command = db.CreateCommand();
            command.CommandText = "UPDATE b SET v = 0";
            return command.ExecuteNonQuery();
        });
        Assert.Equal(["b"], await NewestAsync(scene[0].Database));

        await scene[0].Database.ExecuteAsync(new Batch(new Statement("INSERT INTO log VALUES (1)")) { OperationId = "once" });
        Assert.Equal(["log", "sqlite_schema"], await NewestAsync(scene[0].Database)); // The first one makes the table of operations.
        await scene[0].Database.ExecuteAsync(new Batch(new Statement("INSERT INTO log VALUES (1)")) { OperationId = "twice" });
        Assert.Equal(["log"], await NewestAsync(scene[0].Database));
    }

    [Fact]
    public async Task Of_all_that_went_into_one_commit()
    {
        await using var scene = await Scene.WithAsync(2, new DatabaseOptions(), Schema);
        long before = (await scene[0].Database.DescribeAsync()).Version;
        var writes = Enumerable.Range(0, 40).Select(i => scene[i % 2].RunAsync(i % 4 < 2 ? "INSERT INTO a(v) VALUES (1)" : "INSERT INTO log VALUES (1)"));
        await Task.WhenAll(writes);

        // Whether they were carried together or lost a race: all of them are named by what carried them.
        HashSet<string> named = [];
        await foreach (var version in scene[0].Database.HistoryAsync())
        {
            if (version.Version > before)
            {
                named.UnionWith(version.Tables!);
            }
        }

        Assert.Equal(["a", "log"], named.Order());
    }

    [Fact]
    public async Task They_stay_known_when_the_frames_have_moved_on()
    {
        await using var scene = await Scene.WithAsync(1, new DatabaseOptions { Threads = 2, InlineBytes = 8 << 10 }, "CREATE TABLE odd(v); CREATE TABLE even(v)");
        long before = (await scene[0].Database.DescribeAsync()).Version;
        for (int i = 1; i <= 60; i++)
        {
            await scene[0].RunAsync($"INSERT INTO {(i % 2 == 0 ? "even" : "odd")} VALUES (hex(randomblob(100)))");
        }

        int seen = 0;
        await foreach (var version in scene[0].Database.HistoryAsync())
        {
            if (version.Version > before && version.Tables is { } tables)
            {
                Assert.Equal([(version.Version - before) % 2 == 1 ? "odd" : "even"], tables);
                seen++;
            }
        }

        Assert.InRange(seen, 30, 60);
    }

    [Fact]
    public async Task Of_too_many_tables_and_of_large_commits_nothing_is_known()
    {
        await using var scene = await Scene.WithAsync(1, new DatabaseOptions(), string.Concat(Enumerable.Range(0, 70).Select(i => $"CREATE TABLE t{i}(v);")));
        await scene[0].RunAsync(string.Concat(Enumerable.Range(0, 64).Select(i => $"INSERT INTO t{i} VALUES (1);")));
        Assert.Equal(64, (await NewestAsync(scene[0].Database))!.Count);
        await scene[0].RunAsync(string.Concat(Enumerable.Range(0, 65).Select(i => $"INSERT INTO t{i} VALUES (1);")));
        Assert.Null(await NewestAsync(scene[0].Database));
        await scene[0].RunAsync("INSERT INTO t1 VALUES (randomblob(4000000))");
        Assert.Null(await NewestAsync(scene[0].Database));
    }

    private static async Task<IReadOnlyList<string>?> NewestAsync(EngineDatabase database)
    {
        await foreach (var version in database.HistoryAsync())
        {
            return version.Tables;
        }

        throw new InvalidOperationException("There is no version.");
    }
}
