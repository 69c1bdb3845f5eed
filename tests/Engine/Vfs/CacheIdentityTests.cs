using Microsoft.Data.Sqlite;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>SQLite's page cache is good for one state: for another one it goes, even if the header's bytes say that nothing has changed.</summary>
public sealed class CacheIdentityTests : IDisposable
{
    private const int CacheMiss = 8;
    private readonly Chain chain = new();

    public void Dispose() => chain.Dispose();

    [Fact]
    public void Two_states_with_the_same_change_counter_are_told_apart()
    {
        var (one, two) = Rivals();
        Assert.Equal(PagesOf.One(one, 1)[24..40], PagesOf.One(two, 1)[24..40]);
        Assert.NotEqual(PagesOf.All(one), PagesOf.All(two));

        using var connection = chain.Open();
        for (int round = 0; round < 3; round++)
        {
            chain.Set(one.Share());
            Assert.Equal("one", ReadThroughCache(connection));
            chain.Set(two.Share());
            Assert.Equal("two", ReadThroughCache(connection));
        }

        one.Release();
        two.Release();
    }

    [Fact]
    public void The_cache_is_kept_while_the_state_is_the_same()
    {
        var (one, two) = Rivals();
        chain.Set(one.Share());
        using var connection = chain.Open();
        ReadThroughCache(connection);
        connection.Status(CacheMiss);
        ReadThroughCache(connection);
        Assert.Equal(0, connection.Status(CacheMiss));

        // The same state from other places, as after a flush: nothing need be read again.
        chain.Set(one.From([], [], chain.NextEdit()));
        ReadThroughCache(connection);
        Assert.Equal(0, connection.Status(CacheMiss));

        // Its own commit, and a roll-back.
        connection.Run("UPDATE t SET v = 'mine'; BEGIN; UPDATE t SET v = 'not'; ROLLBACK");
        connection.Status(CacheMiss);
        Assert.Equal("mine", ReadThroughCache(connection));
        Assert.Equal(0, connection.Status(CacheMiss));

        chain.Set(two.Share());
        Assert.Equal("two", ReadThroughCache(connection));
        Assert.True(connection.Status(CacheMiss) > 0, "another state was to be read");
        one.Release();
        two.Release();
    }

    // A commit that SQLite takes for done, and that is lost afterwards: the rival's has the same number.
    [Fact]
    public void A_commit_of_its_own_that_was_lost_is_forgotten()
    {
        using var connection = chain.Open();
        connection.Run("CREATE TABLE t(v); INSERT INTO t VALUES ('base')");
        var below = chain.Tip.Share();
        connection.Run("UPDATE t SET v = 'lost'");
        Assert.Equal("lost", ReadThroughCache(connection));
        chain.Set(below);
        using (var rival = chain.Open())
        {
            rival.Run("UPDATE t SET v = 'won'");
        }

        Assert.Equal("won", ReadThroughCache(connection));
        connection.Run("UPDATE t SET v = v || ' and built on'");
        Assert.Equal("won and built on", ReadThroughCache(connection));
        connection.AssertSound();
    }

    [Fact]
    public void An_empty_database_and_a_filled_one_are_told_apart()
    {
        using var connection = chain.Open();
        var empty = chain.Tip.Share();
        Assert.Empty(connection.Rows("SELECT name FROM sqlite_schema"));
        using var other = chain.Open();
        other.Run("CREATE TABLE t(v); INSERT INTO t VALUES (1)");
        Assert.Equal("1", ReadThroughCache(connection));
        chain.Set(empty);
        Assert.Empty(connection.Rows("SELECT name FROM sqlite_schema"));
    }

    [Fact]
    public void A_foreign_schema_change_reaches_a_compiled_statement()
    {
        using var connection = chain.Open();
        using var other = chain.Open();
        connection.Run("CREATE TABLE t(a); INSERT INTO t VALUES (1)");
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT * FROM t";
        command.Prepare();
        Assert.Equal(1, Columns(command));
        other.Run("ALTER TABLE t ADD COLUMN b DEFAULT 'two'");
        Assert.Equal(2, Columns(command));

        static int Columns(SqliteCommand command)
        {
            using var reader = command.ExecuteReader();
            return reader.FieldCount;
        }
    }

    /// <summary>Inside of a write transaction SQLite takes pages from its cache; a reader's are pointers.</summary>
    private static string ReadThroughCache(SqliteConnection connection)
    {
        connection.Run("BEGIN IMMEDIATE");
        string value = connection.One("SELECT v FROM t");
        connection.Run("ROLLBACK");
        return value;
    }

    /// <summary>Two commits on the same state, neither of which knows of the other.</summary>
    private (Snapshot One, Snapshot Two) Rivals()
    {
        using var setup = chain.Open();
        setup.Run("CREATE TABLE t(v); INSERT INTO t VALUES ('---')");
        var below = chain.Tip.Share();
        setup.Run("UPDATE t SET v = 'one'");
        var one = chain.Tip.Share();
        chain.Set(below);
        using var rival = chain.Open();
        rival.Run("UPDATE t SET v = 'two'");
        return (one, chain.Tip.Share());
    }
}
