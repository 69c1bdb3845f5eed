using Microsoft.Data.Sqlite;
using OrleansSqlite.Tests.Stores;

namespace OrleansSqlite.Tests.Regressions;

/// <summary>A kept connection never takes another state's schema for its own.</summary>
public sealed class SchemaTests
{
    [Fact]
    public async Task A_table_whose_creation_lost_a_race_is_not_written_into_the_table_that_won()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE z(q)");
        Assert.Equal("", await Rivals.RowsAsync(rivals.Here, "SELECT * FROM z"));
        rivals.Faults.BeforeNextSwap = () => rivals.There.ExecuteAsync("CREATE TABLE b(y); INSERT INTO b VALUES ('of b')");
        await rivals.Here.ExecuteAsync("CREATE TABLE a(x)");
        await rivals.Here.ExecuteAsync("INSERT INTO a VALUES ('of a')");

        foreach (var database in new[] { rivals.Here, rivals.There })
        {
            Assert.Equal("of a", await Rivals.RowsAsync(database, "SELECT x FROM a"));
            Assert.Equal("of b", await Rivals.RowsAsync(database, "SELECT y FROM b"));
            Assert.Equal("of b", (await database.ExecuteAsync("SELECT y FROM b")).Results[0].Rows[0][0].AsText());
            Assert.Equal("ok", await Rivals.RowsAsync(database, "PRAGMA integrity_check"));
        }
    }

    [Fact]
    public async Task After_an_import_that_replaced_the_database_nobody_reads_or_writes_by_the_old_schema()
    {
        await using var rivals = await Rivals.OpenAsync(null);
        var files = new TemporaryDirectory();
        Directory.CreateDirectory(files.Path);
        try
        {
            await rivals.First.ImportAsync("app", FileWith(files, "CREATE TABLE t(v); INSERT INTO t VALUES ('t1')"));
            foreach (var database in new[] { rivals.Here, rivals.There })
            {
                Assert.Equal("t1", await Rivals.RowsAsync(database, "SELECT v FROM t"));
                Assert.Equal("t1", (await database.ExecuteAsync("SELECT v FROM t")).Results[0].Rows[0][0].AsText());
            }

            await rivals.First.ImportAsync(
                "app", FileWith(files, "CREATE TABLE salaries(s); INSERT INTO salaries VALUES (1000)"), replace: true);
            foreach (var database in new[] { rivals.Here, rivals.There })
            {
                await Assert.ThrowsAsync<DatabaseException>(() => database.QueryAllAsync("SELECT v FROM t"));
                await Assert.ThrowsAsync<DatabaseException>(() => database.ExecuteAsync("SELECT v FROM t"));
                await Assert.ThrowsAsync<DatabaseException>(() => database.ExecuteAsync("INSERT INTO t VALUES ('x')"));
                Assert.Equal("1000", await Rivals.RowsAsync(database, "SELECT s FROM salaries"));
                Assert.Equal(1000, (await database.ExecuteAsync("SELECT s FROM salaries")).Results[0].Rows[0][0].AsInteger());
            }
        }
        finally
        {
            files.Delete();
        }
    }

    [Fact]
    public async Task Columns_are_those_of_the_table_as_it_is_now_for_queries_and_batches_here_and_elsewhere()
    {
        await using var rivals = await Rivals.OpenAsync("CREATE TABLE t(x, y); INSERT INTO t VALUES (1, 2)");
        foreach (var (change, seen) in new[]
        {
            ("PRAGMA user_version = 1", "x,y:1,2"),
            ("ALTER TABLE t ADD COLUMN z DEFAULT 3", "x,y,z:1,2,3"),
            ("ALTER TABLE t DROP COLUMN x", "y,z:2,3"),
            ("ALTER TABLE t RENAME COLUMN y TO w", "w,z:2,3"),
        })
        {
            foreach (var database in new[] { rivals.Here, rivals.There })
            {
                // Compiled by the kept connections before the change.
                _ = await SeenAsync(database);
            }

            await rivals.Here.ExecuteAsync(change);
            foreach (var database in new[] { rivals.Here, rivals.There })
            {
                Assert.Equal([seen, seen], await SeenAsync(database));
            }
        }
    }

    private static async Task<string[]> SeenAsync(EngineDatabase database)
    {
        await using var reader = await database.QueryAsync("SELECT * FROM t");
        var row = (await reader.ReadAsync())[0];
        var batch = (await database.ExecuteAsync("SELECT * FROM t")).Results[0];
        return [Text(reader.Columns, row), Text(batch.Columns, batch.Rows[0])];
    }

    private static string Text(IReadOnlyList<Column> columns, IReadOnlyList<SqlValue> row) =>
        $"{string.Join(',', columns.Select(column => column.Name))}:{string.Join(',', row)}";

    private static string FileWith(TemporaryDirectory files, string sql)
    {
        string path = files.Below($"{Entropy.System.NextGuid():n}.db");
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
        return path;
    }
}
