using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>Queries and the schema by GET: answers that may be kept. And rows in lines.</summary>
public sealed class GetQueryTests
{
    private const string Query = "/v1/databases/db/query";

    [Fact]
    public async Task A_query_in_the_address_gives_what_one_in_a_body_does()
    {
        await using var server = await WithRowsAsync();
        var got = await server.SendAsync(HttpMethod.Get, Address("select a, b from t where a >= :least", """{"least":1}"""));
        var posted = await server.QueryAsync("db", """{"sql":"select a, b from t where a >= :least","args":{"least":1}}""");
        Assert.Equal((200, "\"1\"", "no-cache", "Accept"), (got.Status, got.ETag, got.Headers["Cache-Control"], got.Headers["Vary"]));
        Assert.Equal(posted.Text, got.Text);
        Assert.Equal("[[2]]", (await server.SendAsync(HttpMethod.Get, Address("select ? + ?", "[2, 0]"))).Json.GetProperty("rows").GetRawText());
    }

    [Fact]
    public async Task Whoever_has_the_answer_of_that_version_is_told_so()
    {
        await using var server = await WithRowsAsync();
        foreach (string path in (string[])[Address("select count(*) from t"), "/v1/databases/db/schema"])
        {
            var first = await server.SendAsync(HttpMethod.Get, path);
            var again = await server.SendAsync(HttpMethod.Get, path, null, ("If-None-Match", first.ETag!));
            Assert.Equal((304, first.ETag, ""), (again.Status, again.ETag, again.Text));
            await server.ExecuteAsync("db", """{"statements":["insert into t values (3, 'three')"]}""");
            var later = await server.SendAsync(HttpMethod.Get, path, null, ("If-None-Match", first.ETag!));
            Assert.Equal(200, later.Status);
            Assert.NotEqual(first.ETag, later.ETag);
        }

        (await server.SendAsync(HttpMethod.Post, Query, """{"sql":"select 1"}""", ("If-None-Match", "\"1\""))).Problem(400, "Invalid", ErrorCodes.BadArgument);
    }

    [Fact]
    public async Task Each_read_level_is_a_parameter()
    {
        await using var server = await WithRowsAsync();
        await server.ExecuteAsync("db", """{"statements":["delete from t"]}""");
        await server.SendAsync(HttpMethod.Post, "/v1/databases/db/snapshots", """{"name":"one","at":{"atVersion":1}}""");
        var count = Address("select count(*) from t");
        foreach (var (level, rows) in ((string, int)[])[("atLeast=2", 0), ("staleBySeconds=0.5", 0), ("atVersion=1", 2), ("atVersion=2", 0), ("atSnapshot=one", 2), ("atTime=2100-01-01T00:00:00Z", 0)])
        {
            Assert.Equal($"[[{rows}]]", (await server.SendAsync(HttpMethod.Get, $"{count}&{level}")).Json.GetProperty("rows").GetRawText());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("?sql=select+1&sql=select+2")]
    [InlineData("?sql=select+?&args=1")]
    [InlineData("?sql=select+?&args=[1")]
    [InlineData("?sql=select+1&atLeast=x")]
    [InlineData("?sql=select+1&staleBySeconds=-1")]
    [InlineData("?sql=select+1&staleBySeconds=1e9")]
    [InlineData("?sql=select+1&atVersion=1&atLeast=1")]
    [InlineData("?sql=select+1&atVersion=1&atVersion=2")]
    [InlineData("?sql=select+1&atTime=yesterday")]
    public async Task What_is_malformed_is_400(string query)
    {
        await using var server = await WithRowsAsync();
        (await server.SendAsync(HttpMethod.Get, Query + query)).Problem(400, "Invalid", ErrorCodes.BadArgument);
    }

    [Fact]
    public async Task A_query_in_the_address_does_not_write()
    {
        await using var server = await WithRowsAsync();
        (await server.SendAsync(HttpMethod.Get, Address("delete from t returning a"))).Problem(400, "Invalid", ErrorCodes.ReadOnly);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Rows_come_in_lines_for_whoever_asks_for_them(string method)
    {
        await using var server = await WithRowsAsync();
        const string sql = "select a, b from t union all select null, char(10)";
        var reply = method == "GET"
            ? await server.SendAsync(HttpMethod.Get, Address(sql), null, ("Accept", "application/x-ndjson"))
            : await server.SendAsync(HttpMethod.Post, Query, JsonSerializer.Serialize(new { sql }), ("Accept", "text/html, application/x-ndjson;q=0.5"));
        Assert.Equal((200, "application/x-ndjson", "\"1\""), (reply.Status, reply.MediaType, reply.ETag));
        Assert.Equal(
            """
            {"version":1,"columns":[{"name":"a","type":"INT"},{"name":"b","type":"TEXT"}]}
            [1,"one"]
            [2,null]
            [null,"\n"]

            """,
            reply.Text);
    }

    [Fact]
    public async Task Many_lines_are_whole_and_an_error_among_them_is_noticed()
    {
        await using var server = await WithRowsAsync();
        const string many = "with recursive c(i) as (select 1 union all select i + 1 from c where i < 30000) select i, hex(zeroblob(20)) from c";
        var lines = (await LinesAsync(many)).TrimEnd('\n').Split('\n');
        Assert.Equal(30_001, lines.Length);
        Assert.All(lines.Skip(1).Select((line, i) => (line, i)), it => Assert.StartsWith($"[{it.i + 1},", it.line, StringComparison.Ordinal));

        await Assert.ThrowsAsync<HttpRequestException>(() => LinesAsync(many.Replace("select i, hex", "select case when i = 29999 then abs(-9223372036854775808) else i end, hex", StringComparison.Ordinal)));

        async Task<string> LinesAsync(string sql) =>
            (await server.SendAsync(HttpMethod.Post, Query, JsonSerializer.Serialize(new { sql }), ("Accept", "application/x-ndjson"))).Text;
    }

    [Fact]
    public async Task The_schema_has_what_the_database_s_owner_made()
    {
        await using var server = await WithRowsAsync();
        await server.ExecuteAsync(
            "db", """{"statements":["create table u(id integer primary key autoincrement, x unique)","create index i on t(a)","create view v as select 1"],"operationId":"made"}""");
        var reply = await server.SendAsync(HttpMethod.Get, "/v1/databases/db/schema");
        Assert.Equal((200, "\"2\"", 2), (reply.Status, reply.ETag, reply.Json.GetProperty("version").GetInt32()));
        Assert.Equal(
            """[{"type":"table","name":"t","table":"t","sql":"CREATE TABLE t(a int, b text)"},{"type":"table","name":"u","table":"u","sql":"CREATE TABLE u(id integer primary key autoincrement, x unique)"},{"type":"index","name":"i","table":"t","sql":"CREATE INDEX i on t(a)"},{"type":"view","name":"v","table":"v","sql":"CREATE VIEW v as select 1"}]""",
            reply.Json.GetProperty("schema").GetRawText());
        Assert.Equal(1, (await server.SendAsync(HttpMethod.Get, "/v1/databases/db/schema?atVersion=1")).Json.GetProperty("schema").GetArrayLength());
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/nope/schema")).Problem(404, "Invalid", ErrorCodes.DatabaseNotFound);
    }

    private static string Address(string sql, string? args = null) =>
        $"{Query}?sql={Uri.EscapeDataString(sql)}" + (args is null ? "" : $"&args={Uri.EscapeDataString(args)}");

    private static async Task<TestServer> WithRowsAsync()
    {
        var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a int, b text); insert into t values (1, 'one'), (2, null)");
        return server;
    }
}
