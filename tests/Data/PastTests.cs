using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Data;

/// <summary>Connections whose read level is a version of the past: they read it, and change nothing.</summary>
public sealed class PastTests
{
    [Fact]
    public async Task A_connection_reads_a_version_of_the_past()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v); INSERT INTO t VALUES (1)");
        await pair.Here.Open("app").CreateSnapshotAsync("one");
        pair.Rival("INSERT INTO t VALUES (2)");
        pair.Rival("ALTER TABLE t ADD COLUMN w");
        foreach (string level in (string[])["at version 1", "AT SNAPSHOT one"])
        {
            var past = pair.Connect($"Read Level={level}");
            for (int i = 0; i < 2; i++)
            {
                Assert.Equal(1L, past.Scalar("SELECT count(*) FROM t"));
                Assert.Equal(1L, past.Scalar("SELECT count(*) FROM pragma_table_info('t')"));
            }

            using var transaction = past.BeginTransaction(deferred: true);
            Assert.Equal(1L, past.Scalar("SELECT sum(v) FROM t"));
            transaction.Commit();
        }

        Assert.Equal(2L, pair.Connect("Read Level=at version 2").Scalar("SELECT count(*) FROM t"));
        Assert.Equal(2L, pair.Connect().Scalar("SELECT count(*) FROM t"));
    }

    [Theory]
    [InlineData("INSERT INTO t VALUES (3)")]
    [InlineData("UPDATE t SET v = 3 RETURNING v")]
    [InlineData("WITH c AS (SELECT 1) DELETE FROM t")]
    [InlineData("CREATE TABLE u(v)")]
    [InlineData("BEGIN IMMEDIATE")]
    [InlineData("VACUUM")]
    public async Task A_write_is_refused_and_changes_nothing(string sql)
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v); INSERT INTO t VALUES (1)");
        pair.Rival("INSERT INTO t VALUES (2)");
        long version = (await pair.There.Open("app").DescribeAsync()).Version;

        // The newest version, too: that it is the newest now does not make it another one.
        foreach (string level in (string[])["at version 1", $"at version {version}"])
        {
            var past = pair.Connect($"Read Level={level}");
            var refused = Assert.ThrowsAny<SqliteException>(() => past.Execute(sql));
            Assert.Equal((ErrorKind.Invalid, ErrorCodes.ReadOnly), (DataErrors.Classify(refused).Kind, DataErrors.Classify(refused).Code));
            Assert.Contains("a version of the past of 'app'", refused.Message, StringComparison.Ordinal);
        }

        Assert.Equal(version, (await pair.There.Open("app").DescribeAsync()).Version);
    }

    [Fact]
    public async Task A_transaction_that_has_read_the_past_does_not_write_either()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v); INSERT INTO t VALUES (1)");
        pair.Rival("INSERT INTO t VALUES (2)");
        var connection = pair.Connect("Read Level=at version 1");
        using (var transaction = connection.BeginTransaction(deferred: true))
        {
            Assert.Equal(1L, connection.Scalar("SELECT count(*) FROM t"));
            connection.ReadLevel = ReadLevel.Strong;
            Assert.Equal(ErrorCodes.ReadOnly, DataErrors.Classify(Assert.ThrowsAny<SqliteException>(() => connection.Execute("DELETE FROM t"))).Code);
        }

        // The next one begins on the newest version, and may.
        connection.Execute("DELETE FROM t WHERE v = 1");
        Assert.Equal("2", pair.Look("SELECT v FROM t"));
    }

    [Fact]
    public async Task What_is_not_there_any_more_or_not_yet_is_said()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        Assert.Equal(ErrorCodes.VersionNotReached, Code("at version 99"));
        Assert.Equal(ErrorCodes.VersionGone, Code("at time 2001-01-01T00:00:00Z"));
        Assert.Equal(ErrorCodes.SnapshotName, Code("at snapshot nothing"));

        string Code(string level)
        {
            var connection = pair.Connect($"Read Level={level}");
            return DataErrors.Classify(Assert.ThrowsAny<SqliteException>(() => connection.Scalar("SELECT count(*) FROM t"))).Code;
        }
    }

    [Theory]
    [InlineData("at version 17")]
    [InlineData("at time 2026-11-23T04:30:00.0000000+00:00")]
    [InlineData("at snapshot before-the-move")]
    public void A_level_of_the_past_goes_into_a_connection_string_and_out_again(string text)
    {
        var level = new OrleansSqliteConnectionStringBuilder($"Read Level={text}").ReadLevel;
        Assert.True(level.IsPast);
        Assert.Contains(text, new OrleansSqliteConnectionStringBuilder { ReadLevel = level }.ConnectionString, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("at version -1")]
    [InlineData("at version x")]
    [InlineData("at time yesterday")]
    [InlineData("at time 2026-11-23T04:30:00")]
    [InlineData("at snapshot ../x")]
    public void What_is_no_level_is_refused(string text) =>
        Assert.Throws<ArgumentException>(() => new OrleansSqliteConnection($"Data Source=x;Read Level={text}"));
}
