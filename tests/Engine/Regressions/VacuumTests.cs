namespace OrleansSqlite.Tests.Regressions;

/// <summary>VACUUM works, and what follows it.</summary>
public sealed class VacuumTests
{
    private const string Table =
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v); "
        + "INSERT INTO t SELECT value, zeroblob(3000) FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]')";

    [Fact]
    public async Task Vacuum_gives_the_pages_of_deleted_rows_back()
    {
        await using var rivals = await Rivals.OpenAsync(Table);
        await rivals.Here.ExecuteAsync("DELETE FROM t WHERE id > 2");
        long before = (await rivals.There.DescribeAsync()).PageCount;
        await rivals.Here.ExecuteAsync("VACUUM");
        Assert.True((await rivals.There.DescribeAsync()).PageCount < before - 10);
        await CheckAsync(rivals, "2,ok");
    }

    [Theory]
    [InlineData("-- nightly\nVACUUM")]
    [InlineData("/* of what was moved into the archive */ vacuum")]
    public async Task Vacuum_is_known_behind_a_comment(string sql)
    {
        await using var rivals = await Rivals.OpenAsync(Table);
        await rivals.Here.ExecuteAsync("DELETE FROM t WHERE id > 2");
        long before = (await rivals.There.DescribeAsync()).PageCount;
        await rivals.Here.ExecuteAsync(sql);
        Assert.True((await rivals.There.DescribeAsync()).PageCount < before - 10);
        await CheckAsync(rivals, "2,ok");
    }

    [Fact]
    public async Task Vacuum_changes_the_page_size()
    {
        await using var rivals = await Rivals.OpenAsync(Table);
        await CheckAsync(rivals, "20,ok");
        foreach (int bytes in new[] { 8192, 1024 })
        {
            await rivals.Here.ExecuteAsync(new Batch(new Statement($"PRAGMA page_size = {bytes}"), new Statement("VACUUM")));
            Assert.Equal(bytes, (await rivals.There.DescribeAsync()).PageBytes);
            Assert.Equal($"{bytes}", await Rivals.RowsAsync(rivals.There, "PRAGMA page_size"));
            await CheckAsync(rivals, "20,ok");
        }

        await rivals.There.ExecuteAsync("INSERT INTO t VALUES (21, 'of the other')");
        await rivals.Here.ExecuteAsync("INSERT INTO t VALUES (22, 'of this one')");
        await CheckAsync(rivals, "22,ok");
    }

    [Fact]
    public async Task Vacuum_keeps_the_page_size_that_the_database_has()
    {
        // Not the one that this process makes new databases with.
        await using var rivals = await Rivals.OpenAsync(Table, new DatabaseOptions { PageBytes = 8192 });
        await rivals.There.ExecuteAsync(new Batch("PRAGMA page_size = 1024", "VACUUM"));
        await rivals.Here.ExecuteAsync("VACUUM");
        Assert.Equal(1024, (await rivals.There.DescribeAsync()).PageBytes);
        await rivals.There.ExecuteAsync("VACUUM");
        Assert.Equal(1024, (await rivals.There.DescribeAsync()).PageBytes);
        await CheckAsync(rivals, "20,ok");
    }

    [Fact]
    public async Task Vacuum_that_loses_a_race_loses_nothing_of_the_rivals()
    {
        await using var rivals = await Rivals.OpenAsync(Table);
        rivals.Faults.BeforeNextSwap = () => rivals.There.ExecuteAsync("INSERT INTO t VALUES (21, 'of the other')");
        await rivals.Here.ExecuteAsync("VACUUM");
        await CheckAsync(rivals, "21,ok");
    }

    [Fact]
    public async Task Vacuum_refuses_an_operation_id_and_heeds_an_expected_version()
    {
        await using var rivals = await Rivals.OpenAsync(Table);
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivals.Here.ExecuteAsync(new Batch("VACUUM") { OperationId = "x" }));
        Assert.Equal((ErrorKind.Invalid, ErrorCodes.BadArgument), (error.Kind, error.Code));
        error = await Assert.ThrowsAsync<DatabaseException>(() => rivals.Here.ExecuteAsync(new Batch("VACUUM") { ExpectedVersion = 7 }));
        Assert.Equal((ErrorKind.Conflict, ErrorCodes.VersionMismatch), (error.Kind, error.Code));

        await CheckAsync(rivals, "20,ok");
        Assert.Equal(1, (await rivals.There.DescribeAsync()).Version);
    }

    private static async Task CheckAsync(Rivals rivals, string expected)
    {
        const string Sql = "SELECT count(*), (SELECT integrity_check FROM pragma_integrity_check) FROM t";
        Assert.Equal(expected, await Rivals.RowsAsync(rivals.Here, Sql));
        Assert.Equal(expected, await Rivals.RowsAsync(rivals.There, Sql));
    }
}
