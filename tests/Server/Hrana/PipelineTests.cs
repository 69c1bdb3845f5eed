using static OrleansSqlite.Tests.HranaClient;

namespace OrleansSqlite.Tests;

public abstract class PipelineTests(string version)
{
    [Fact]
    public async Task A_database_is_named_by_the_host_as_well()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("tenant", "create table t(a)");
        var body = $$"""{"requests":[{{Execute("select count(*) from t")}},{"type":"close"}]}""";
        var reply = await server.PostHranaAsync($"/{version}/pipeline", body, ("Host", "tenant.localhost"));
        Assert.Equal("0", Rows(Ok(reply.Json.GetProperty("results")[0])));

        foreach (var host in (string[])["localhost", "127.0.0.1", "[::1]"])
        {
            var refused = await server.PostHranaAsync($"/{version}/pipeline", body, ("Host", host));
            Assert.Equal(404, refused.Status);
            Assert.Equal("NO_DATABASE", refused.Json.GetProperty("code").GetString());
        }
    }

    [Fact]
    public async Task Values_come_back_as_they_were_sent()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        string values = """
            {"type":"null"},{"type":"integer","value":"9223372036854775807"},{"type":"integer","value":"-9223372036854775808"},
            {"type":"float","value":0.1},{"type":"float","value":1e308},{"type":"text","value":"Grüße\u0000😀"},{"type":"blob","base64":"AAH/"},{"type":"blob","base64":"AQ"},{"type":"blob","base64":""},{"type":"text","value":""}
            """;
        var row = (await new HranaClient(server, "db", version).ExecuteAsync("select ?,?,?,?,?,?,?,?,?,?", $",\"args\":[{values}]")).GetProperty("rows")[0];
        Assert.Equal("null", row[0].GetProperty("type").GetString());
        Assert.Equal("9223372036854775807", row[1].GetProperty("value").GetString());
        Assert.Equal("-9223372036854775808", row[2].GetProperty("value").GetString());
        Assert.Equal(0.1, row[3].GetProperty("value").GetDouble());
        Assert.Equal(1e308, row[4].GetProperty("value").GetDouble());
        Assert.Equal("Grüße\0😀", row[5].GetProperty("value").GetString());
        Assert.Equal("AAH/", row[6].GetProperty("base64").GetString());
        Assert.Equal("AQ==", row[7].GetProperty("base64").GetString());
        Assert.Equal("", row[8].GetProperty("base64").GetString());
        Assert.Equal("text", row[9].GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("select ?, ?2, ?1", "1|2|1")]
    [InlineData("select ?, ?, '?' || \"?\" from (select 7 as \"?\")", "1|2|?7")]
    [InlineData("select ?2, ? -- ?", "2|3")]
    [InlineData("select :a, @b, $c", "1|2|3")]
    [InlineData("select :a, ?, :a, ?1", "1|2|1|1")]
    [InlineData("select /* ? */ ?1 + ?3", "4")]
    public async Task Positions_are_counted_as_SQLite_counts_them(string sql, string rows)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        string arguments = string.Join(',', Enumerable.Range(1, 3).Select(i => $$"""{"type":"integer","value":"{{i}}"}"""));
        Assert.Equal(rows, Rows(await new HranaClient(server, "db", version).ExecuteAsync(sql, $",\"args\":[{arguments}]")));
    }

    [Fact]
    public async Task Names_are_given_with_their_prefix_or_without()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var rows = Rows(await new HranaClient(server, "db", version).ExecuteAsync(
            "select :a, @b, $c", ""","named_args":[{"name":"a","value":{"type":"text","value":"A"}},{"name":"@b","value":{"type":"null"}},{"name":"$c","value":{"type":"float","value":1.5}}]"""));
        Assert.Equal("A|NULL|1.5", rows);
    }

    [Fact]
    public async Task A_request_that_fails_does_not_keep_the_next_one_from_running()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a unique)");
        var results = await new HranaClient(server, "db", version).PipelineAsync(
            Execute("insert into t values (1)"), Execute("insert into t values (1)"), Execute("selec"), Execute("select 1; select 2"), Execute(" -- nothing"),
            Execute("select ?"), Execute("attach 'x.db' as x"), Execute("pragma journal_mode = off"), Execute("select count(*) from t"));
        Ok(results[0]);
        Assert.Equal("SQLITE_CONSTRAINT", Failed(results[1]));
        Assert.Equal("SQLITE_ERROR", Failed(results[2]));
        Assert.Equal("SQL_MANY_STATEMENTS", Failed(results[3]));
        Assert.Equal("SQL_NO_STATEMENT", Failed(results[4]));
        Assert.Equal("ARGS_INVALID", Failed(results[5]));
        Assert.Equal("SQLITE_AUTH", Failed(results[6]));
        Assert.Equal("SQLITE_AUTH", Failed(results[7]));
        Assert.Equal("1", Rows(Ok(results[8])));
    }

    [Fact]
    public async Task A_sequence_runs_statements_until_one_fails()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var stream = new HranaClient(server, "db", version);
        string script = "create table t(a); create trigger g after insert on t begin update t set a = a + 1; select ';'; end; insert into t values (1); -- done;";
        string fails = "insert into t values (10); insert into nowhere values (1); insert into t values (20)";
        var results = await stream.PipelineAsync(
            $$"""{"type":"sequence","sql":"{{script}}"}""", Execute("select a from t"), $$"""{"type":"sequence","sql":"{{fails}}"}""", Execute("select a from t order by a"));
        Ok(results[0]);
        Assert.Equal("2", Rows(Ok(results[1])));
        Assert.Equal("SQLITE_ERROR", Failed(results[2]));
        Assert.Equal("3\n11", Rows(Ok(results[3])));
    }

    [Fact]
    public async Task A_statement_is_described_without_being_run()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a integer, b text)");
        var stream = new HranaClient(server, "db", version);
        var results = await stream.PipelineAsync(
            """{"type":"describe","sql":"insert into t values (? + ?5, :b) returning a"}""", """{"type":"describe","sql":"explain query plan select b, a + 1 from t"}""",
            """{"type":"describe","sql":"select b from t"}""", """{"type":"describe","sql":"select"}""", Execute("select count(*) from t"));
        Assert.Equal(
            """{"params":[{"name":null},{"name":null},{"name":null},{"name":null},{"name":"?5"},{"name":":b"}],"cols":[{"name":"a","decltype":"INTEGER"}],"is_explain":false,"is_readonly":false}""",
            Ok(results[0]).GetRawText());
        Assert.True(Ok(results[1]).GetProperty("is_explain").GetBoolean());
        Assert.True(Ok(results[2]).GetProperty("is_readonly").GetBoolean());
        Assert.Equal("SQLITE_ERROR", Failed(results[3]));
        Assert.Equal("0", Rows(Ok(results[4])));
    }

    [Fact]
    public async Task Stored_SQL_is_named_by_its_number_until_it_is_closed()
    {
        await using var server = await TestServer.StartAsync(options => options.StoredStatements = 2);
        await server.CreateAsync("db");
        var stream = new HranaClient(server, "db", version);
        var results = await stream.PipelineAsync(
            """{"type":"store_sql","sql_id":1,"sql":"select 1"}""", """{"type":"store_sql","sql_id":1,"sql":"select 2"}""",
            """{"type":"store_sql","sql_id":2,"sql":"select 2"}""", """{"type":"store_sql","sql_id":3,"sql":"select 3"}""");
        Assert.Equal("store_sql", Ok(results[0]).GetProperty("type").GetString());
        Assert.Equal("SQL_STORE_ID_EXISTS", Failed(results[1]));
        Ok(results[2]);
        Assert.Equal("SQL_STORE_TOO_LARGE", Failed(results[3]));

        // It belongs to the stream, over its pipelines.
        string one = """{"type":"execute","stmt":{"sql_id":1}}""";
        results = await stream.PipelineAsync(one, """{"type":"close_sql","sql_id":1}""", """{"type":"close_sql","sql_id":9}""", one, """{"type":"execute","stmt":{"sql_id":2,"sql":"select 2"}}""");
        Assert.Equal("1", Rows(Ok(results[0])));
        Ok(results[1]);
        Ok(results[2]);
        Assert.Equal("SQL_STORE_ID_NOT_FOUND", Failed(results[3]));
        Assert.Equal("HRANA_PROTO_ERROR", Failed(results[4]));
    }

    [Fact]
    public async Task Rows_that_are_not_wanted_are_left_out()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        var stream = new HranaClient(server, "db", version);
        var result = await stream.ExecuteAsync("insert into t values (1) returning a", ",\"want_rows\":false");
        Assert.Equal("", Rows(result));
        Assert.Equal(1, result.GetProperty("affected_row_count").GetInt32());
        Assert.Equal("1", await stream.RowsAsync("select a from t"));
    }

    [Fact]
    public async Task An_answer_that_is_too_large_is_an_error_of_its_request()
    {
        await using var server = await TestServer.StartAsync(options => options.StreamAnswerBytes = 10_000);
        await server.CreateAsync("db");
        var results = await new HranaClient(server, "db", version).PipelineAsync(
            Execute("with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"), Execute("select 1"));
        Assert.Equal("RESPONSE_TOO_LARGE", Failed(results[0]));
        Assert.Equal("1", Rows(Ok(results[1])));
    }

    [Fact]
    public async Task Answers_to_a_pipeline_are_bounded_together()
    {
        await using var server = await TestServer.StartAsync(options => options.StreamAnswerBytes = 10_000);
        await server.CreateAsync("db");
        var stream = new HranaClient(server, "db", version);
        string large = Execute("select zeroblob(6000)");
        var results = await stream.PipelineAsync(large, large);
        Ok(results[0]);
        Assert.Equal("RESPONSE_TOO_LARGE", Failed(results[1]));
        Ok((await stream.PipelineAsync(large))[0]);
    }

    [Fact]
    public async Task Limits_are_told_with_their_status()
    {
        await using var server = await TestServer.StartAsync(options => (options.BatchSteps, options.RequestBytes) = (2, 4096));
        await server.CreateAsync("db");
        var stream = new HranaClient(server, "db", version);
        string one = Execute("select 1");
        Assert.Equal("BATCH_TOO_LARGE", (await stream.PostAsync(one, one, one)).Json.GetProperty("code").GetString());
        Assert.Equal("BATCH_TOO_LARGE", Failed(Assert.Single(await stream.PipelineAsync(Batch(Step("select 1"), Step("select 1"), Step("select 1"))))));
        Assert.Equal(413, (await stream.PostAsync(Execute($"select '{new string('x', 5000)}'"))).Status);
    }

    [Fact]
    public async Task Time_is_limited()
    {
        await using var server = await TestServer.StartAsync(options => options.RequestTime = TimeSpan.FromMilliseconds(300));
        await server.CreateAsync("db");
        string endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
        Assert.Equal("LIMIT_EXCEEDED", await new HranaClient(server, "db", version).FailAsync(endless));

        // Of a cursor nothing was sent when it failed, so all of the answer is the error.
        var reply = await server.PostHranaAsync($"/db/db/{version}/cursor", $$"""{"batch":{"steps":[{{Step("select 1")}},{{Step(endless)}}] } }""");
        Assert.Equal("LIMIT_EXCEEDED", reply.Json.GetProperty("code").GetString());
        Assert.InRange(reply.Status, 400, 599);
    }

    [Fact]
    public async Task Calls_are_limited()
    {
        await using var server = await TestServer.StartAsync(options => (options.RequestsPerSecond, options.RequestBurst) = (1, 3));
        await server.CreateAsync("db");
        var replies = new List<Reply>();
        for (int i = 0; i < 5; i++)
        {
            replies.Add(await new HranaClient(server, "db", version).PostAsync(Execute("select 1")));
        }

        Assert.Contains(429, replies.Select(reply => reply.Status));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(40, true)]
    [InlineData(100, false)]
    public async Task Conditions_may_be_nested_but_not_endlessly(int depth, bool isTaken)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        string condition = string.Concat(Enumerable.Repeat("{\"type\":\"not\",\"cond\":", depth)) + "{\"type\":\"is_autocommit\"}" + new string('}', depth);
        var reply = await new HranaClient(server, "db", version).PostAsync(Batch(Step("select 1", condition)));
        Assert.Equal(isTaken ? 200 : 400, reply.Status);
        Assert.Equal(isTaken, !reply.Json.TryGetProperty("code", out var code));
        Assert.Equal(isTaken ? null : "HRANA_PROTO_ERROR", isTaken ? null : code.GetString());
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_not_made()
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal("DATABASE_NOT_FOUND", await new HranaClient(server, "nowhere", version).FailAsync("create table t(a)"));
        Assert.Equal(404, (await server.SendAsync(HttpMethod.Get, "/v1/databases/nowhere")).Status);
        Assert.Equal(400, (await new HranaClient(server, ".bad", version).PostAsync()).Status);
    }
}

public sealed class JsonPipelineTests() : PipelineTests("v3");

public sealed class ProtobufPipelineTests() : PipelineTests(HranaPost.Protobuf);
