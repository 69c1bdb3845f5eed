using System.Data;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansSqlite.Tests.Data;

/// <summary>Connections, connection strings, data sources, the factory, dependency injection.</summary>
public sealed class ConnectionTests
{
    private static int stores;

    [Fact]
    public async Task A_connection_string_is_enough()
    {
        string directory = Directory.CreateTempSubdirectory("orleans-sqlite-").FullName;
        try
        {
            string text = $"Store=file:{directory};Data Source=shop";
            using (var connection = new OrleansSqliteConnection(text))
            {
                Assert.Equal(ConnectionState.Closed, connection.State);
                connection.Open();
                connection.Open();
                Assert.Equal(("shop", "main", text), (connection.DataSource, connection.Database, connection.ConnectionString));
                connection.Execute("CREATE TABLE t(v)");
                connection.Execute("INSERT INTO t VALUES (1)");
                connection.Close();
                connection.Close();
                await connection.OpenAsync();
                Assert.Equal(1L, connection.Scalar("SELECT v FROM t"));
            }

            using var second = new OrleansSqliteConnection { ConnectionString = text + ";Mode=ReadWrite" };
            second.Open();
            Assert.Equal(1L, second.Scalar("SELECT v FROM t"));
            Assert.Throws<InvalidOperationException>(() => second.ConnectionString = "");
            await OrleansSqliteConnection.CloseStoresAsync();
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>A store that failed to open stands in nobody's way: the next connection tries again, on an engine of its own.</summary>
    [Fact]
    public async Task A_store_that_could_not_be_opened_is_tried_again()
    {
        string directory = Directory.CreateTempSubdirectory("orleans-sqlite-").FullName;
        string place = Path.Combine(directory, "store");
        try
        {
            // Something that is no directory stands in its place.
            await File.WriteAllTextAsync(place, "");
            using var connection = new OrleansSqliteConnection($"Store=file:{place};Data Source=shop");
            await Assert.ThrowsAsync<OrleansSqliteException>(() => connection.OpenAsync());
            File.Delete(place);
            await connection.OpenAsync();
            connection.Execute("CREATE TABLE t(v)");
            connection.Close();
            await OrleansSqliteConnection.CloseStoresAsync();
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Opening_creates_the_database_unless_the_mode_says_otherwise()
    {
        await using var engine = await DatabaseEngine.OpenAsync("memory:");
        await using var careful = OrleansSqliteDataSource.Create(engine, "Data Source=new;Mode=ReadWrite");
        var error = Assert.Throws<OrleansSqliteException>(careful.OpenConnection);
        Assert.Equal((14, ErrorCodes.DatabaseNotFound), (error.SqliteErrorCode, error.Failure.Code));
        Assert.Empty(await engine.ListAsync().ToListAsync());
        await using var easy = OrleansSqliteDataSource.Create(engine, "Data Source=new");
        await using var connection = await easy.OpenConnectionAsync();
        await using var again = await careful.OpenConnectionAsync();
        Assert.Equal(0L, again.Scalar("SELECT count(*) FROM sqlite_schema"));
    }

    [Theory]
    [InlineData("Data Source=x;Cache=Shared", "snapshot of its own")]
    [InlineData("Data Source=x;Password=secret", "encryption")]
    [InlineData("Data Source=x;Vfs=unix", "VFS")]
    [InlineData("Data Source=x;Mode=Memory", "Store=memory:")]
    [InlineData("Data Source=x;Read Level=mostly", "Read Level")]
    [InlineData("Data Source=x;Record Bytes=-1", "Record Bytes")]
    [InlineData("Data Source=x;Speed=high", "speed")]
    public void What_cannot_be_honoured_is_refused(string text, string word)
    {
        var error = Assert.Throws<ArgumentException>(() => new OrleansSqliteConnection(text));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_string_has_a_builder()
    {
        var builder = new OrleansSqliteConnectionStringBuilder("filename=shop;store=memory:;cache=private;pooling=true")
        {
            Mode = SqliteOpenMode.ReadOnly,
            ReadLevel = ReadLevel.StaleBy(TimeSpan.FromSeconds(5)),
            RecordBytes = 1000,
            ForeignKeys = false,
            RecursiveTriggers = true,
            DefaultTimeout = 7,
        };
        var again = new OrleansSqliteConnectionStringBuilder(builder.ConnectionString);
        Assert.Equal(
            ("shop", "memory:", SqliteOpenMode.ReadOnly, ReadLevel.StaleBy(TimeSpan.FromSeconds(5)), 1000L, false, true, 7),
            (again.DataSource, again.Store, again.Mode, again.ReadLevel, again.RecordBytes, again.ForeignKeys, again.RecursiveTriggers, again.DefaultTimeout));
        Assert.True(builder.EquivalentTo(again));
        Assert.True(again.Remove("Database"));
        Assert.Equal("", again.DataSource);
        Assert.Equal((ReadLevel.Strong, 8L << 20, null), (new OrleansSqliteConnectionStringBuilder().ReadLevel, new OrleansSqliteConnectionStringBuilder().RecordBytes, new OrleansSqliteConnectionStringBuilder().ForeignKeys));
        Assert.Equal(ReadLevel.AtLeast(17), new OrleansSqliteConnectionStringBuilder("Read Level=at least 17").ReadLevel);
        Assert.Equal(ReadLevel.StaleBy(TimeSpan.FromMilliseconds(250)), new OrleansSqliteConnectionStringBuilder("Read Level=stale by 250ms").ReadLevel);
    }

    [Fact]
    public async Task Settings_reach_SQLite()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        Assert.Equal(0L, pair.Connect("Foreign Keys=false").Scalar("PRAGMA foreign_keys"));
        Assert.Equal(1L, pair.Connect("Foreign Keys=true").Scalar("PRAGMA foreign_keys"));
        Assert.Equal(1L, pair.Connect("Recursive Triggers=true").Scalar("PRAGMA recursive_triggers"));
        Assert.Equal(9, pair.Connect("Default Timeout=9").CreateCommand().CommandTimeout);
    }

    /// <summary>Nothing of one connection is there for the next.</summary>
    [Fact]
    public async Task Connections_leak_nothing()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(v)");
        using (var first = pair.Connect())
        {
            first.Execute("PRAGMA case_sensitive_like = 1; PRAGMA foreign_keys = 0; CREATE TEMP TABLE left(v); BEGIN; INSERT INTO t VALUES (1)");
        }

        using var second = pair.Connect();
        Assert.Equal("1,0,0", second.Rows("SELECT 'A' LIKE 'a', (SELECT count(*) FROM sqlite_temp_schema), (SELECT count(*) FROM t)"));
        Assert.Equal(1L, second.Scalar("PRAGMA foreign_keys"));
        using var transaction = second.BeginTransaction();
    }

    [Fact]
    public void The_factory_makes_all_of_it()
    {
        DbProviderFactory factory = OrleansSqliteFactory.Instance;
        using var source = factory.CreateDataSource($"Store=memory:;Data Source=db{Interlocked.Increment(ref stores)}");
        using var connection = source.OpenConnection();
        Assert.Same(factory, DbProviderFactories.GetFactory(connection));
        using var command = factory.CreateCommand()!;
        command.Connection = connection;
        command.CommandText = "SELECT $a";
        var parameter = factory.CreateParameter()!;
        parameter.ParameterName = "$a";
        parameter.Value = 5;
        command.Parameters.Add(parameter);
        Assert.Equal(5L, command.ExecuteScalar());
        Assert.IsType<OrleansSqliteConnectionStringBuilder>(factory.CreateConnectionStringBuilder());
        using var direct = source.CreateCommand("SELECT 7");
        Assert.Equal(7L, direct.ExecuteScalar());
    }

    [Fact]
    public async Task Services_hand_out_data_sources_and_connections()
    {
        var services = new ServiceCollection();
        services.AddOrleansSqliteDataSource("Store=memory:;Data Source=one");
        services.AddOrleansSqliteDataSource("Store=memory:;Data Source=two", (_, builder) => builder.ConnectionStringBuilder.DefaultTimeout = 3, serviceKey: "second");
        await using var provider = services.BuildServiceProvider();
        await using var connection = provider.GetRequiredService<OrleansSqliteConnection>();
        await connection.OpenAsync();
        Assert.Equal("one", connection.DataSource);
        Assert.Same(provider.GetRequiredService<OrleansSqliteDataSource>(), provider.GetRequiredService<DbDataSource>());
        await using var second = provider.GetRequiredKeyedService<DbConnection>("second");
        await second.OpenAsync();
        Assert.Equal("two", second.DataSource);
        Assert.Equal(3, ((OrleansSqliteConnection)second).DefaultTimeout);
    }

    [Fact]
    public async Task A_data_source_that_was_disposed_of_says_so()
    {
        var source = OrleansSqliteDataSource.Create("Store=memory:;Data Source=x");
        await source.OpenConnectionAsync();
        await source.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(source.CreateConnection);
    }

    [Fact]
    public async Task Dapper_works()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
        var connection = pair.Connect();
        Assert.Equal(2, connection.Execute("INSERT INTO item(name, price) VALUES (@name, @price)", new[] { new { name = "tea", price = 1.5 }, new { name = "milk", price = 2.0 } }));
        Assert.Equal(["milk", "tea"], connection.Query<string>("SELECT name FROM item WHERE price > @min ORDER BY name", new { min = 1 }));
        pair.Rival("INSERT INTO item(name) VALUES ('theirs')");
        Assert.Equal(4, connection.QuerySingle<long>("INSERT INTO item(name, price) VALUES ('sugar', 3) RETURNING id"));
        using (var results = await connection.QueryMultipleAsync("SELECT count(*) FROM item; SELECT name FROM item ORDER BY id LIMIT 1"))
        {
            Assert.Equal(4, await results.ReadSingleAsync<long>());
            Assert.Equal("tea", await results.ReadSingleAsync<string>());
        }

        using (var transaction = connection.BeginTransaction())
        {
            await connection.ExecuteAsync("UPDATE item SET price = price + 1", transaction: transaction);
            pair.Rival("UPDATE item SET price = 10 WHERE id = 1");
            transaction.Commit();
        }

        Assert.Equal(11, connection.ExecuteScalar<double>("SELECT price FROM item WHERE id = 1"));
    }

    [Fact]
    public async Task A_batch_is_a_transaction_with_one_swap_that_never_conflicts()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE)");
        var connection = pair.Connect();
        pair.Rival("INSERT INTO t(v) VALUES ('theirs')");
        var before = pair.Here.Requests;
        await using (var batch = connection.CreateBatch())
        {
            foreach (string value in (string[])["a", "b"])
            {
                var command = batch.CreateBatchCommand();
                command.CommandText = "INSERT INTO t(v) VALUES ($v) RETURNING id, v";
                command.Parameters.Add(new SqliteParameter("$v", value));
                batch.BatchCommands.Add(command);
            }

            await using var reader = await batch.ExecuteReaderAsync();
            Assert.True(reader.Read());
            Assert.Equal((2L, "a"), (reader.GetInt64(0), reader.GetString(1)));
            Assert.True(reader.NextResult() && reader.Read());
            Assert.Equal((3L, "b"), (reader.GetInt64(0), reader.GetString(1)));
        }

        Assert.True((pair.Here.Requests - before).Swaps <= 3);
        await using (var batch = connection.CreateBatch())
        {
            batch.BatchCommands.Add(new OrleansSqliteBatchCommand("INSERT INTO t(v) VALUES ('c')"));
            batch.BatchCommands.Add(new OrleansSqliteBatchCommand("INSERT INTO t(v) VALUES ('a')"));
            Assert.Throws<SqliteException>(() => batch.ExecuteNonQuery());
            batch.BatchCommands.RemoveAt(1);
            Assert.Equal(1, batch.ExecuteNonQuery());
            Assert.Equal(1, batch.BatchCommands[0].RecordsAffected);
        }

        Assert.Equal("4", pair.Look("SELECT count(*) FROM t"));
    }
}
