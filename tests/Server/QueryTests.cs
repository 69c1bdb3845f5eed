using System.Text.Json;

namespace OrleansSqlite.Tests;

public sealed class QueryTests
{

    [Fact]
    public async Task Rows_come_with_columns_and_the_version()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a int, b text)");
        await server.ExecuteAsync("db", """{"statements":["insert into t values (1, 'one'), (2, null)"]}""");
        var reply = await server.QueryAsync("db", """{"sql":"select a, b, a + 1 as c from t where a >= ?","args":[1]}""");
        Assert.Equal("\"2\"", reply.ETag);
        Assert.Equal("nosniff", reply.Headers["X-Content-Type-Options"]);
        Assert.Equal(
            """{"version":2,"columns":[{"name":"a","type":"INT"},{"name":"b","type":"TEXT"},{"name":"c","type":null}],"rows":[[1,"one",2],[2,null,3]]}""",
            reply.Text.TrimEnd());
    }

    [Fact]
    public async Task A_long_result_is_whole()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var reply = await server.QueryAsync("db", JsonSerializer.Serialize(new { sql = Count(20_000) }));
        Assert.Equal(Enumerable.Range(1, 20_000), reply.Json.GetProperty("rows").EnumerateArray().Select(row => row[0].GetInt32()));
    }

    [Fact]
    public async Task A_result_without_rows_is_whole_too()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        Assert.Equal(
            """{"version":0,"columns":[{"name":"a","type":null}],"rows":[]}""",
            (await server.QueryAsync("db", """{"sql":"select 1 as a where 0"}""")).Text.TrimEnd());
    }

    [Fact]
    public async Task An_error_among_the_first_rows_is_answered_as_one()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        (await server.QueryAsync("db", """{"sql":"select 1 union all select abs(-9223372036854775808)"}""")).Problem(400, "Invalid", ErrorCodes.Sql);
    }

    [Fact]
    public async Task An_error_after_rows_have_gone_out_breaks_the_answer_off()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var sql = Count(50_000).Replace("select i, hex", "select case when i = 49999 then abs(-9223372036854775808) else i end, hex", StringComparison.Ordinal);
        await Assert.ThrowsAsync<HttpRequestException>(() => server.QueryAsync("db", JsonSerializer.Serialize(new { sql })));
    }

    [Fact]
    public async Task A_query_that_writes_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        (await server.QueryAsync("db", """{"sql":"insert into t values (1)"}""")).Problem(400, "Invalid", ErrorCodes.ReadOnly);
        (await server.QueryAsync("db", """{"sql":"insert into t values (1) returning a"}""")).Problem(400, "Invalid", ErrorCodes.ReadOnly);
    }

    [Theory]
    [InlineData("\"strong\"")]
    [InlineData("{\"atLeast\":0}")]
    [InlineData("{\"staleBySeconds\":0}")]
    [InlineData("{\"staleBySeconds\":2.5}")]
    public async Task Levels_are_taken(string level)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        Assert.Equal(200, (await server.QueryAsync("db", $$"""{"sql":"select 1","level":{{level}}}""")).Status);
    }

    [Fact]
    public async Task A_version_that_nobody_has_made_is_412()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        Assert.Equal(412, (await server.QueryAsync("db", """{"sql":"select 1","level":{"atLeast":99}}""")).Status);
    }

    [Theory]
    [InlineData("\"weak\"")]
    [InlineData("{}")]
    [InlineData("{\"atLeast\":-1}")]
    [InlineData("{\"atLeast\":1.5}")]
    [InlineData("{\"atLeast\":1,\"staleBySeconds\":1}")]
    [InlineData("{\"staleBySeconds\":-1}")]
    [InlineData("{\"staleBySeconds\":1e300}")]
    [InlineData("{\"staleBySeconds\":\"1\"}")]
    [InlineData("12")]
    [InlineData("null")]
    public async Task A_level_that_is_none_is_refused(string level)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        (await server.QueryAsync("db", $$"""{"sql":"select 1","level":{{level}}}""")).Problem(400, "Invalid", ErrorCodes.BadArgument);
    }

    [Fact]
    public async Task A_query_that_runs_for_too_long_is_cancelled()
    {
        await using var server = await TestServer.StartAsync(options => options.RequestTime = TimeSpan.FromMilliseconds(300));
        await server.CreateAsync("db", "create table t(a)");
        const string Forever = "with recursive c(i) as (values (1) union all select i + 1 from c) select max(i) from c";
        (await server.QueryAsync("db", JsonSerializer.Serialize(new { sql = Forever }))).Problem(400, "Invalid", ErrorCodes.LimitExceeded);
        (await server.ExecuteAsync("db", JsonSerializer.Serialize(new { statements = new[] { "insert into t values (1)", Forever } }))).Problem(400, "Invalid", ErrorCodes.LimitExceeded);
        Assert.Equal("[[0]]", (await server.QueryAsync("db", """{"sql":"select count(*) from t"}""")).Json.GetProperty("rows").GetRawText());
    }

    private static string Count(int rows) =>
        $"with recursive c(i) as (values (1) union all select i + 1 from c where i < {rows}) select i, hex(zeroblob(100)) as filler from c";
}
