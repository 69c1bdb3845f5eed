using static OrleansSqlite.Tests.HranaClient;

namespace OrleansSqlite.Tests;

public abstract class StreamTests(string version)
{
    private const string Autocommit = """{"type":"get_autocommit"}""";

    [Fact]
    public async Task A_transaction_lives_on_its_stream_until_it_commits()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        var (writer, reader) = (new HranaClient(server, "db", version), new HranaClient(server, "db", version));
        Assert.True(Ok((await writer.PipelineAsync(Autocommit))[0]).GetProperty("is_autocommit").GetBoolean());
        await writer.ExecuteAsync("begin immediate");
        await writer.ExecuteAsync("insert into t values (1)");
        Assert.False(Ok((await writer.PipelineAsync(Autocommit))[0]).GetProperty("is_autocommit").GetBoolean());
        Assert.Equal("1", await writer.RowsAsync("select count(*) from t"));
        Assert.Equal("0", await reader.RowsAsync("select count(*) from t"));
        await writer.ExecuteAsync("commit");
        Assert.Equal("1", await reader.RowsAsync("select count(*) from t"));
        await writer.ExecuteAsync("begin");
        await writer.ExecuteAsync("delete from t");
        await writer.ExecuteAsync("rollback");
        Assert.Equal("1", await reader.RowsAsync("select count(*) from t"));
    }

    [Fact]
    public async Task A_baton_is_good_once_and_for_its_own_database()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("one", "create table t(a)");
        await server.CreateAsync("two", "create table t(a)");
        var stream = new HranaClient(server, "one", version);
        await stream.ExecuteAsync("begin");
        string baton = stream.Baton!;
        Assert.True(baton.Length >= 43, baton);

        Assert.Equal("STREAM_EXPIRED", (await new HranaClient(server, "two", version) { Baton = baton }.PostAsync(Execute("select 1"))).Json.GetProperty("code").GetString());
        await stream.ExecuteAsync("insert into t values (1)");
        Assert.NotEqual(baton, stream.Baton);
        var again = await new HranaClient(server, "one", version) { Baton = baton }.PostAsync(Execute("commit"));
        Assert.Equal(400, again.Status);
        Assert.Equal("STREAM_EXPIRED", again.Json.GetProperty("code").GetString());

        // The stream itself has not been harmed.
        await stream.ExecuteAsync("commit");
        Assert.Equal("1", await new HranaClient(server, "one", version).RowsAsync("select count(*) from t"));
    }

    [Fact]
    public async Task A_stream_that_waits_too_long_is_closed_and_its_transaction_rolled_back()
    {
        await using var server = await TestServer.StartAsync(options => (options.StreamIdleTime, options.Streams) = (TimeSpan.FromMilliseconds(300), 1));
        await server.CreateAsync("db", "create table t(a)");
        var stream = new HranaClient(server, "db", version);
        await stream.PipelineAsync(Execute("begin"), Execute("insert into t values (1)"));
        Assert.Equal("TOO_MANY_STREAMS", (await new HranaClient(server, "db", version).PostAsync()).Json.GetProperty("code").GetString());
        await Task.Delay(600);
        Assert.Equal("STREAM_EXPIRED", (await stream.PostAsync(Execute("commit"))).Json.GetProperty("code").GetString());
        Assert.Equal("0", await new HranaClient(server, "db", version).RowsAsync("select count(*) from t"));
    }

    [Fact]
    public async Task No_more_streams_are_opened_than_the_server_allows()
    {
        await using var server = await TestServer.StartAsync(options => options.Streams = 2);
        await server.CreateAsync("db");
        var (first, second) = (new HranaClient(server, "db", version), new HranaClient(server, "db", version));
        await first.ExecuteAsync("select 1");
        await second.ExecuteAsync("select 1");
        Assert.Equal(429, (await new HranaClient(server, "db", version).PostAsync()).Status);
        Assert.Equal(200, (await first.PostAsync("""{"type":"close"}""")).Status);
        Assert.Equal("1", await new HranaClient(server, "db", version).RowsAsync("select 1"));
    }

    [Fact]
    public async Task A_closed_stream_gives_no_baton_and_ends_its_transaction()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        var stream = new HranaClient(server, "db", version);
        await stream.ExecuteAsync("begin");
        await stream.PipelineAsync(Execute("insert into t values (1)"), """{"type":"close"}""");
        Assert.Null(stream.Baton);
        Assert.Equal("0", await new HranaClient(server, "db", version).RowsAsync("select count(*) from t"));
    }

    [Fact]
    public async Task Transactions_wait_for_nobody_and_one_that_was_told_what_is_no_more_conflicts()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(id integer primary key, n integer)");
        await new HranaClient(server, "db", version).ExecuteAsync("insert into t values (1, 0), (2, 0)");
        HranaClient[] counting = [new(server, "db", version), new(server, "db", version)];
        foreach (var stream in counting)
        {
            await stream.PipelineAsync(Execute("begin immediate"), Execute("update t set n = n + 1 where id = 1"));
        }

        HranaClient[] reading = [new(server, "db", version), new(server, "db", version)];
        foreach (var stream in reading)
        {
            await stream.ExecuteAsync("begin immediate");
            Assert.Equal("0", await stream.RowsAsync("select n from t where id = 2"));
            await stream.ExecuteAsync("update t set n = 1 where id = 2");
        }

        await counting[0].ExecuteAsync("commit");
        await counting[1].ExecuteAsync("commit");
        await reading[0].ExecuteAsync("commit");
        var lost = (await reading[1].PipelineAsync(Execute("commit"), Autocommit, Execute("select 1")));
        Assert.Equal("SQLITE_ABORT_ROLLBACK", Failed(lost[0]));
        Assert.True(Ok(lost[1]).GetProperty("is_autocommit").GetBoolean());
        Ok(lost[2]);
        Assert.Equal("2\n1", await new HranaClient(server, "db", version).RowsAsync("select n from t order by id"));
    }

    [Fact]
    public async Task A_transaction_that_was_begun_to_read_reads_one_version_and_changes_nothing()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        var (reader, writer) = (new HranaClient(server, "db", version), new HranaClient(server, "db", version));
        await reader.PipelineAsync(Execute("BEGIN TRANSACTION READONLY"), Execute("select 1"));
        Assert.Equal("0", await reader.RowsAsync("select count(*) from t"));
        await writer.ExecuteAsync("insert into t values (1)");
        Assert.Equal("0", await reader.RowsAsync("select count(*) from t"));
        Assert.Equal("SQLITE_AUTH", await reader.FailAsync("insert into t values (2)"));
        await reader.ExecuteAsync("commit");
        await reader.ExecuteAsync("insert into t values (3)");
        Assert.Equal("2", await writer.RowsAsync("select count(*) from t"));
    }
}

public sealed class JsonStreamTests() : StreamTests("v3");

public sealed class ProtobufStreamTests() : StreamTests(HranaPost.Protobuf);
