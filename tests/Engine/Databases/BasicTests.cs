using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Databases;

public sealed class BasicTests
{
    [Fact]
    public async Task A_batch_is_read_back_here_and_elsewhere()
    {
        var store = new MemoryStore();
        await using var first = await DatabaseEngine.OpenAsync(store);
        await using var second = await DatabaseEngine.OpenAsync(store);
        await first.CreateAsync("app");
        var db = first.Open("app");
        await db.ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT)");
        var result = await db.ExecuteAsync(new Batch(new Statement("INSERT INTO t(v) VALUES (?) RETURNING id", "one"), new Statement("INSERT INTO t(v) VALUES (:v)") { Named = new Dictionary<string, SqlValue> { ["v"] = SqlValue.From("two") } }));
        Assert.Equal(2, result.Version);
        Assert.Equal(SqlValue.From(1), result.Results[0].Rows[0][0]);
        Assert.Equal(1, result.Results[1].Changes);
        Assert.Equal(2, result.Results[1].LastInsertRowId);

        var rows = await second.Open("app").QueryAllAsync("SELECT id, v FROM t ORDER BY id");
        Assert.Equal(["one", "two"], rows.Select(row => row[1].AsText()));
    }

    [Fact]
    public async Task Two_engines_insert_at_once_and_nothing_is_lost()
    {
        var store = new MemoryStore();
        await using var first = await DatabaseEngine.OpenAsync(store);
        await using var second = await DatabaseEngine.OpenAsync(store);
        await first.CreateAsync("app");
        await first.Open("app").ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v INTEGER)");
        async Task Insert(DatabaseEngine engine, int start)
        {
            for (int i = 0; i < 500; i++)
            {
                await engine.Open("app").ExecuteAsync(new Batch(new Statement("INSERT INTO t(v) VALUES (?)", start + i)));
            }
        }

        await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => Task.Run(() => Insert(i % 2 == 0 ? first : second, i * 500))));
        foreach (var engine in new[] { first, second })
        {
            var row = (await engine.Open("app").QueryAllAsync("SELECT count(*), count(DISTINCT v), max(id), (SELECT integrity_check FROM pragma_integrity_check) FROM t"))[0];
            Assert.Equal(["4000", "4000", "4000", "ok"], row.Select(value => value.ToString()));
        }
    }
}
