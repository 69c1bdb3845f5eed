using static OrleansSqlite.Tests.HranaClient;

namespace OrleansSqlite.Tests;

public sealed class PipelineTests
{
    [Theory]
    [InlineData("v2")]
    [InlineData("v3")]
    public async Task A_version_that_is_spoken_says_so(string version)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, $"/db/some/{version}")).Status);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, $"/{version}", null, ("Host", "some.localhost"))).Status);
    }

    [Theory]
    [InlineData("v2")]
    [InlineData("v3")]
    public async Task A_pipeline_is_answered_as_the_protocol_has_it(string version)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(id integer primary key, name varchar(10))");
        var reply = await new HranaClient(server, "db", version).PostAsync(
            Execute("insert into t(name) values ('one'), ('two')"), Execute("select id, name, id + 1 as next from t"), """{"type":"close"}""");
        Assert.Equal(200, reply.Status);
        Assert.Equal("application/json", reply.MediaType);
        Assert.Equal(
            """
            {"baton":null,"base_url":null,"results":[
            {"type":"ok","response":{"type":"execute","result":{"cols":[],"rows":[],"affected_row_count":2,"last_insert_rowid":"2"}}},
            {"type":"ok","response":{"type":"execute","result":{"cols":[{"name":"id","decltype":"INTEGER"},{"name":"name","decltype":"varchar(10)"},{"name":"next","decltype":null}],
            "rows":[[{"type":"integer","value":"1"},{"type":"text","value":"one"},{"type":"integer","value":"2"}],[{"type":"integer","value":"2"},{"type":"text","value":"two"},{"type":"integer","value":"3"}]],
            "affected_row_count":0,"last_insert_rowid":"2"}}},
            {"type":"ok","response":{"type":"close"}}]}
            """.ReplaceLineEndings(""),
            reply.Text);
    }

    [Fact]
    public async Task A_database_is_named_by_the_host_as_well()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("tenant", "create table t(a)");
        var body = $$"""{"requests":[{{Execute("select count(*) from t")}},{"type":"close"}]}""";
        var reply = await server.SendAsync(HttpMethod.Post, "/v3/pipeline", body, ("Host", "tenant.localhost"));
        Assert.Equal("0", Rows(Ok(reply.Json.GetProperty("results")[0])));

        foreach (var host in (string[])["localhost", "127.0.0.1", "[::1]"])
        {
            var refused = await server.SendAsync(HttpMethod.Post, "/v3/pipeline", body, ("Host", host));
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
        var row = (await new HranaClient(server, "db").ExecuteAsync("select ?,?,?,?,?,?,?,?,?,?", $",\"args\":[{values}]")).GetProperty("rows")[0];
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
        Assert.Equal(rows, Rows(await new HranaClient(server, "db").ExecuteAsync(sql, $",\"args\":[{arguments}]")));
    }

    [Fact]
    public async Task Names_are_given_with_their_prefix_or_without()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var rows = Rows(await new HranaClient(server, "db").ExecuteAsync(
            "select :a, @b, $c", ""","named_args":[{"name":"a","value":{"type":"text","value":"A"}},{"name":"@b","value":{"type":"null"}},{"name":"$c","value":{"type":"float","value":1.5}}]"""));
        Assert.Equal("A|NULL|1.5", rows);
    }

    [Fact]
    public async Task A_request_that_fails_does_not_keep_the_next_one_from_running()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a unique)");
        var results = await new HranaClient(server, "db").PipelineAsync(
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
        var stream = new HranaClient(server, "db");
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
        var stream = new HranaClient(server, "db");
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
        var stream = new HranaClient(server, "db");
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
        var stream = new HranaClient(server, "db");
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
        var results = await new HranaClient(server, "db").PipelineAsync(
            Execute("with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"), Execute("select 1"));
        Assert.Equal("RESPONSE_TOO_LARGE", Failed(results[0]));
        Assert.Equal("1", Rows(Ok(results[1])));
    }

    [Fact]
    public async Task Answers_to_a_pipeline_are_bounded_together()
    {
        await using var server = await TestServer.StartAsync(options => options.StreamAnswerBytes = 10_000);
        await server.CreateAsync("db");
        var stream = new HranaClient(server, "db");
        string large = Execute("select zeroblob(6000)");
        var results = await stream.PipelineAsync(large, large);
        Ok(results[0]);
        Assert.Equal("RESPONSE_TOO_LARGE", Failed(results[1]));
        Ok((await stream.PipelineAsync(large))[0]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"requests":{}}""")]
    [InlineData("""{"requests":[1]}""")]
    [InlineData("""{"requests":[{"type":"fly"}]}""")]
    [InlineData("""{"requests":[{"type":"execute"}]}""")]
    [InlineData("""{"requests":[{"type":"execute","stmt":{"sql":1}}]}""")]
    [InlineData("""{"requests":[{"type":"execute","stmt":{"sql":"select ?","args":[{"type":"integer","value":"9223372036854775808"}]}}]}""")]
    [InlineData("""{"requests":[{"type":"execute","stmt":{"sql":"select ?","args":[{"type":"integer","value":1}]}}]}""")]
    [InlineData("""{"requests":[{"type":"execute","stmt":{"sql":"select ?","args":[{"type":"blob","base64":"*"}]}}]}""")]
    [InlineData("""{"baton":7,"requests":[]}""")]
    [InlineData("""{"requests":[{"type":"batch","batch":{"steps":[{"condition":{"type":"maybe"},"stmt":{"sql":"select 1"}}]}}]}""")]
    public async Task What_is_not_the_protocol_is_refused_as_a_whole(string body)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var reply = await server.SendAsync(HttpMethod.Post, "/db/db/v3/pipeline", body);
        Assert.Equal(400, reply.Status);
        Assert.Equal("HRANA_PROTO_ERROR", reply.Json.GetProperty("code").GetString());
        Assert.NotEmpty(reply.Json.GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task Limits_are_told_with_their_status()
    {
        await using var server = await TestServer.StartAsync(options => (options.BatchSteps, options.RequestBytes) = (2, 4096));
        await server.CreateAsync("db");
        var stream = new HranaClient(server, "db");
        string one = Execute("select 1");
        Assert.Equal("BATCH_TOO_LARGE", (await stream.PostAsync(one, one, one)).Json.GetProperty("code").GetString());
        Assert.Equal("BATCH_TOO_LARGE", Failed(Assert.Single(await stream.PipelineAsync(Batch(Step("select 1"), Step("select 1"), Step("select 1"))))));
        Assert.Equal(413, (await stream.PostAsync(Execute($"select '{new string('x', 5000)}'"))).Status);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_not_made()
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal("DATABASE_NOT_FOUND", await new HranaClient(server, "nowhere").FailAsync("create table t(a)"));
        Assert.Equal(404, (await server.SendAsync(HttpMethod.Get, "/v1/databases/nowhere")).Status);
        Assert.Equal(400, (await new HranaClient(server, ".bad").PostAsync()).Status);
    }
}
