namespace OrleansSqlite.Tests;

public sealed class ExecuteTests
{
    [Fact]
    public async Task A_batch_gives_a_result_per_statement_and_its_version()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(id integer primary key, name text)");
        var reply = await server.ExecuteAsync(
            "db",
            """
            {"statements":[
              {"sql":"insert into t(name) values (?), (?)","args":["one","two"]},
              {"sql":"update t set name = :to where name = :from","args":{"from":"two",":to":"zwei"}},
              "select * from t order by id"
            ]}
            """);
        Assert.Equal(200, reply.Status);
        Assert.Equal("\"2\"", reply.ETag);
        Assert.Equal(
            """{"version":2,"repeated":false,"results":[{"columns":[],"rows":[],"changes":2,"lastInsertRowId":2},{"columns":[],"rows":[],"changes":1,"lastInsertRowId":2},{"columns":[{"name":"id","type":"INTEGER"},{"name":"name","type":"TEXT"}],"rows":[[1,"one"],[2,"zwei"]],"changes":0,"lastInsertRowId":2}]}""",
            reply.Text.TrimEnd());
    }

    [Fact]
    public async Task A_batch_is_all_or_nothing_and_says_which_statement_failed()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a unique)");
        var problem = (await server.ExecuteAsync("db", """{"statements":["insert into t values (1)","insert into t values (2)","insert into t values (1)"]}"""))
            .Problem(400, "Invalid", ErrorCodes.Sql);
        Assert.Equal(2, problem.GetProperty("statement").GetInt32());
        Assert.Equal(2067, problem.GetProperty("sqliteCode").GetInt32());
        Assert.False(problem.GetProperty("transient").GetBoolean());
        Assert.True(problem.GetProperty("outcomeKnown").GetBoolean());
        Assert.Equal("[[0]]", (await server.QueryAsync("db", """{"sql":"select count(*) from t"}""")).Json.GetProperty("rows").GetRawText());
    }

    [Theory]
    [InlineData("key-1", null, "key-1")]
    [InlineData("\"key-1\"", null, "key-1")]
    [InlineData(null, "key-1", "key-1")]
    [InlineData("key-1", "key-1", "\"key-1\"")]
    public async Task An_operation_id_takes_effect_once_wherever_it_stands(string? header, string? body, string again)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        var id = body is null ? "" : $",\"operationId\":\"{body}\"";
        var json = $$"""{"statements":["insert into t values (1) returning a"]{{id}}}""";
        var first = await server.ExecuteAsync("db", json, header is null ? [] : [("Idempotency-Key", header)]);
        Assert.False(first.Json.GetProperty("repeated").GetBoolean());
        var second = await server.ExecuteAsync("db", """{"statements":["insert into t values (1) returning a"]}""", ("Idempotency-Key", again));
        Assert.True(second.Json.GetProperty("repeated").GetBoolean());
        Assert.Equal(first.ETag, second.ETag);
        Assert.Equal(first.Json.GetProperty("results").GetRawText(), second.Json.GetProperty("results").GetRawText());
        Assert.Equal("[[1]]", (await server.QueryAsync("db", """{"sql":"select count(*) from t"}""")).Json.GetProperty("rows").GetRawText());
    }

    [Fact]
    public async Task An_operation_id_used_wrongly_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        const string Insert = """{"statements":["insert into t values (1)"]}""";
        await server.ExecuteAsync("db", Insert, ("Idempotency-Key", "key-1"));
        (await server.ExecuteAsync("db", """{"statements":["insert into t values (2)"]}""", ("Idempotency-Key", "key-1"))).Problem(409, "Invalid", ErrorCodes.OperationReused);
        (await server.ExecuteAsync("db", """{"statements":["insert into t values (2)"],"operationId":"other"}""", ("Idempotency-Key", "key-1"))).Problem(400, "Invalid", ErrorCodes.BadArgument);
        (await server.ExecuteAsync("db", Insert, ("Idempotency-Key", new string('x', 129)))).Problem(400, "Invalid", ErrorCodes.BadArgument);
        (await server.ExecuteAsync("db", Insert, ("Idempotency-Key", "\"\""))).Problem(400, "Invalid", ErrorCodes.BadArgument);
        Assert.Equal("[[1]]", (await server.QueryAsync("db", """{"sql":"select count(*) from t"}""")).Json.GetProperty("rows").GetRawText());
    }

    [Fact]
    public async Task If_match_writes_only_on_that_version()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        const string Insert = """{"statements":["insert into t values (1)"]}""";
        Assert.Equal(412, (await server.ExecuteAsync("db", Insert, ("If-Match", "\"0\""))).Status);
        Assert.Equal(ErrorCodes.VersionMismatch, (await server.ExecuteAsync("db", Insert, ("If-Match", "\"9\""))).Json.GetProperty("code").GetString());
        Assert.Equal("\"2\"", (await server.ExecuteAsync("db", Insert, ("If-Match", "\"1\""))).ETag);
        Assert.Equal(412, (await server.ExecuteAsync("db", Insert, ("If-Match", "\"1\""))).Status);
        Assert.Equal("\"3\"", (await server.ExecuteAsync("db", Insert, ("If-Match", "*"))).ETag);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("W/\"1\"")]
    [InlineData("\"one\"")]
    [InlineData("\"-1\"")]
    [InlineData("\"1\", \"2\"")]
    [InlineData("")]
    public async Task If_match_that_is_no_version_is_refused(string value)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        (await server.ExecuteAsync("db", """{"statements":["insert into t values (1)"]}""", ("If-Match", value))).Problem(400, "Invalid", ErrorCodes.BadArgument);
    }

    [Fact]
    public async Task Of_concurrent_writers_on_one_version_one_wins()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ =>
            server.ExecuteAsync("db", """{"statements":["insert into t values (1)"]}""", ("If-Match", "\"1\""))));
        Assert.Single(replies, reply => reply.Status == 200);
        Assert.Equal(9, replies.Count(reply => reply.Status == 412));
    }

    [Theory]
    [InlineData("attach 'other' as o", ErrorCodes.NotAllowed)]
    [InlineData("pragma writable_schema = on", ErrorCodes.NotAllowed)]
    [InlineData("select load_extension('x')", ErrorCodes.Sql)]
    [InlineData("begin", ErrorCodes.NotAllowed)]
    [InlineData("selec 1", ErrorCodes.Sql)]
    public async Task What_reaches_outside_is_refused(string sql, string code)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var status = (await server.ExecuteAsync("db", $$"""{"statements":["{{sql}}"]}""")).Problem(400, "Invalid", code);
        Assert.Equal("db", status.GetProperty("database").GetString());
    }
}
