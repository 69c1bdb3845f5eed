using Microsoft.Data.Sqlite;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Transactions that run again although they would not do the same again, or that end by themselves.</summary>
public sealed class VolatileTests
{
    [Theory]
    [InlineData("random()")]
    [InlineData("hex(randomblob(16))")]
    [InlineData("strftime('%Y-%m-%d %H:%M:%f', 'now')")]
    public async Task What_the_caller_hears_is_what_was_stored(string value)
    {
        await using var scene = await Scene.WithAsync(2, "CREATE TABLE t(v)");
        scene[0].Store.BeforeNext(StoreVerb.Swap, () => scene[1].RunAsync("INSERT INTO t VALUES ('rival')"));
        var result = await scene[0].Database.ExecuteAsync($"INSERT INTO t VALUES ({value}) RETURNING v");
        Assert.Equal(3, result.Version);
        Assert.Equal(["rival", result.Results[0].Rows[0][0].ToString()], await scene[1].ColumnAsync("SELECT v FROM t ORDER BY rowid"));
    }

    [Fact]
    public async Task A_batch_does_not_hear_of_the_rows_that_its_predecessor_on_the_connection_inserted()
    {
        await using var scene = await Scene.WithAsync(1, "CREATE TABLE t(v)");
        await scene[0].RunAsync("INSERT INTO t VALUES (1), (2), (3)");
        var result = await scene[0].Database.ExecuteAsync("SELECT last_insert_rowid()");
        Assert.Equal(SqlValue.From(0), result.Results[0].Rows[0][0]);
        Assert.Equal((0, 0), (result.Results[0].Changes, result.Results[0].LastInsertRowId));
    }

    [Theory]
    [InlineData("INSERT OR ROLLBACK INTO t VALUES (1)")]
    [InlineData("INSERT INTO t VALUES (-1)")]
    public async Task A_statement_that_rolls_back_ends_the_batch_and_COMMIT_does_not_say_OK(string statement)
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        int swaps = scene[0].Store.Count(StoreVerb.Swap);
        var error = await Process.FailureAsync(scene[0].RunAllAsync("INSERT INTO t VALUES (2)", statement, "INSERT INTO t VALUES (3)"));
        Assert.Equal((ErrorCodes.Sql, 1), (error.Code, error.Statement));
        Assert.Equal(swaps, scene[0].Store.Count(StoreVerb.Swap));
        Assert.Equal("1", Assert.Single(await scene[1].ColumnAsync("SELECT v FROM t")));
        await scene[0].RunAsync("INSERT INTO t VALUES (4)");
        Assert.Equal("1|4", string.Join('|', await scene[1].ColumnAsync("SELECT v FROM t")));
    }

    [Theory]
    [InlineData("INSERT OR ROLLBACK INTO t VALUES (1)")]
    [InlineData("INSERT INTO t VALUES (-1)")]
    [InlineData("ROLLBACK")]
    public async Task A_closure_that_goes_on_after_its_transaction_was_rolled_back_is_told_so(string statement)
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var error = await Process.FailureAsync(scene[0].Database.WriteAsync(db =>
        {
            Sql.Execute(db, "INSERT INTO t VALUES (2)");
            try
            {
                Sql.Execute(db, statement);
            }
            catch (SqliteException)
            {
                // Swallowed, as an application might.
            }

            return 0;
        }));
        Assert.Equal((ErrorKind.Invalid, ErrorCodes.NotAllowed), (error.Kind, error.Code));
        Assert.Equal("1", Assert.Single(await scene[1].ColumnAsync("SELECT v FROM t")));
    }

    [Theory]
    [InlineData("COMMIT")]
    [InlineData("END; BEGIN")]
    [InlineData("ROLLBACK; INSERT INTO t VALUES (5)")]
    public async Task A_closure_cannot_commit_by_itself(string statement)
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        await Assert.ThrowsAnyAsync<Exception>(() => scene[0].Database.WriteAsync(db =>
        {
            Sql.Execute(db, "INSERT INTO t VALUES (2)");
            return Sql.Execute(db, statement);
        }));
        Assert.Equal("1", Assert.Single(await scene[1].ColumnAsync("SELECT v FROM t")));
        await scene[0].RunAsync("INSERT INTO t VALUES (4)");
        Assert.Equal("1|4", string.Join('|', await scene[1].ColumnAsync("SELECT v FROM t")));
    }

    [Fact]
    public async Task SQLites_own_516_is_not_taken_for_a_lost_race()
    {
        await using var scene = await Scene.WithAsync(1, [.. Schema, "INSERT INTO t VALUES (10), (11)"]);
        int runs = 0;
        var error = await Assert.ThrowsAsync<SqliteException>(() => scene[0].Database.WriteAsync(db =>
        {
            // Taken for a lost race, it would be one for ever.
            Assert.True(++runs < 5);
            using var command = db.CreateCommand();
            command.CommandText = "SELECT v FROM t";
            using var reader = command.ExecuteReader();
            reader.Read();
            Sql.Execute(db, "CREATE TABLE rolled_back(v)");
            Sql.Execute(db, "ROLLBACK");
            return reader.Read();
        }));
        Assert.Equal(516, error.SqliteExtendedErrorCode);
        Assert.Equal(1, runs);
    }

    private static readonly string[] Schema =
    [
        "CREATE TABLE t(v UNIQUE)",
        "INSERT INTO t VALUES (1)",
        "CREATE TRIGGER negative BEFORE INSERT ON t WHEN NEW.v < 0 BEGIN SELECT RAISE(ROLLBACK, 'negative'); END",
    ];
}
