using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>Requests that try to get in, out or stuck. Each gets a status that says why, and the next caller is served.</summary>
public sealed class RequestAttackTests
{
    public static TheoryData<string> Tokens
    {
        get
        {
            var good = Jwt.Hs256(Jwt.Claims("admin:*"));
            var parts = good.Split('.');
            var publicKey = Jwt.Rsa.ExportSubjectPublicKeyInfoPem();
            using var foreign = System.Security.Cryptography.RSA.Create(2048);
            return
            [
                "", "x", "Bearer", "osql_", "....", "a.b.c", "null",
                Jwt.Make(new { alg = "none", typ = "JWT" }, Jwt.Claims("admin:*"), _ => []),
                Jwt.Make(new { alg = "None" }, Jwt.Claims("admin:*"), _ => []),
                Jwt.Make(new { alg = "" }, Jwt.Claims("admin:*"), _ => [1]),
                // The public key taken for a secret.
                Jwt.Hs256(Jwt.Claims("admin:*"), publicKey),
                Jwt.Hs256(Jwt.Claims("admin:*"), new string('x', 40)),
                Jwt.Rs256(Jwt.Claims("admin:*"), foreign),
                Jwt.EdDsa(Jwt.Claims("admin:*"), new(new Org.BouncyCastle.Security.SecureRandom())),
                Jwt.Make(new { alg = "EdDSA" }, Jwt.Claims("admin:*"), _ => new byte[64]),
                Jwt.Make(new { alg = "EdDSA" }, Jwt.Claims("admin:*"), _ => []),
                Jwt.Make(new { alg = "HS512" }, Jwt.Claims("admin:*"), bytes => System.Security.Cryptography.HMACSHA512.HashData(Encoding.UTF8.GetBytes(Jwt.Secret), bytes)),
                Jwt.Make(new { alg = "HS256", jwk = new { kty = "oct", k = "AAAA" } }, Jwt.Claims("admin:*"), _ => new byte[32]),
                Jwt.Make(new { alg = "HS256", kid = "../../dev/null" }, Jwt.Claims("admin:*"), bytes => System.Security.Cryptography.HMACSHA256.HashData(Array.Empty<byte>(), bytes)),
                Jwt.Hs256(Jwt.Claims("admin:*", seconds: -3600)),
                Jwt.Hs256(new { sub = "x", scope = "admin:*" }),
                Jwt.Hs256(new { sub = "x", scope = "admin:*", exp = "soon" }),
                Jwt.Hs256(new { sub = "x", scope = "admin:*", exp = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600, nbf = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 300 }),
                $"{parts[0]}.{parts[1]}.", $"{parts[0]}.{parts[1]}", $"{parts[0]}.{parts[1]}.{parts[2][..^2]}AA",
                $"{parts[0]}.{Convert.ToBase64String("{}"u8)}.{parts[2]}",
                $"{parts[0]}.{parts[1]}.{parts[2]}.x.y",
                new string('a', 20_000),
            ];
        }
    }

    [Theory]
    [MemberData(nameof(Tokens))]
    public async Task A_token_that_is_not_well_signed_is_refused(string token)
    {
        await using var server = await TokenTests.SignedAsync();
        var reply = await TokenTests.SendAsync(server, token, HttpMethod.Get, "db");
        reply.Problem(401, "Invalid", "unauthenticated");
        Assert.StartsWith("Bearer", reply.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        if (token.Length > 10)
        {
            Assert.DoesNotContain(token, reply.Text, StringComparison.Ordinal);
        }

        Assert.Equal(200, (await TokenTests.SendAsync(server, Jwt.Hs256(Jwt.Claims("read:db")), HttpMethod.Get, "db")).Status);
    }

    [Fact]
    public async Task Two_tokens_and_other_schemes_are_refused()
    {
        await using var server = await TokenTests.SignedAsync();
        var good = $"Bearer {Jwt.Hs256(Jwt.Claims("admin:*"))}";
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/db", null, ("Authorization", "Basic YTpi"))).Problem(401, "Invalid", "unauthenticated");
        Assert.Equal(401, await StatusAsync(server, $"GET /v1/databases/db HTTP/1.1\r\nHost: localhost\r\nAuthorization: {good}\r\nAuthorization: {good}\r\n\r\n"));
        Assert.Equal(200, await StatusAsync(server, $"GET /v1/databases/db HTTP/1.1\r\nHost: localhost\r\nAuthorization: {good}\r\n\r\n"));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("%2e%2e")]
    [InlineData("%2E%2E%2Fvictim")]
    [InlineData("..%2f..%2fetc%2fpasswd")]
    [InlineData("..%5c..%5cwindows")]
    [InlineData("a%00b")]
    [InlineData("a%0d%0ab")]
    [InlineData("a%2fb")]
    [InlineData("%2fetc")]
    [InlineData(".hidden")]
    [InlineData("a..b")]
    [InlineData("UPPER")]
    [InlineData("d%C3%A9j%C3%A0")]
    [InlineData("%EF%BC%8E%EF%BC%8E")]
    [InlineData("a%E2%80%AEb")]
    [InlineData("a%252e%252e")]
    [InlineData("%c0%ae%c0%ae")]
    [InlineData("a%20b")]
    [InlineData("a*")]
    [InlineData("a;b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task A_name_that_is_none_leads_nowhere(string name)
    {
        var folder = Directory.CreateTempSubdirectory("orleans-sqlite-names-");
        try
        {
            var engine = await DatabaseEngine.OpenAsync(new Uri(Path.Combine(folder.FullName, "inner", "store")).AbsoluteUri, new DatabaseOptions { ProbeStore = false });
            await using var server = await TestServer.StartAsync(engine, engine: engine);
            foreach (var request in (string[])[$"PUT /v1/databases/{name}", $"GET /v1/databases/{name}/schema", $"DELETE /v1/databases/{name}", $"POST /v1/databases/{name}/compact"])
            {
                Assert.InRange(await StatusAsync(server, $"{request} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"), 400, 405);
            }

            Assert.Equal(201, (await server.PutAsync("fine")).Status);
            Assert.Equal(["inner"], folder.GetFileSystemInfos().Select(entry => entry.Name));
            Assert.Equal(["store"], folder.GetDirectories("inner").Single().GetFileSystemInfos().Select(entry => entry.Name));
            Assert.Equal(["fine"], folder.GetDirectories("inner/store").Single().GetDirectories().Select(entry => entry.Name).Where(entry => !entry.StartsWith('.')));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"select 1\"")]
    [InlineData("{\"sql\":null}")]
    [InlineData("{\"sql\":1}")]
    [InlineData("{\"sql\":\"select 1\",\"sql2\":\"x\"}")]
    [InlineData("{\"sql\":\"select 1\",\"args\":[[1]]}")]
    [InlineData("{\"sql\":\"select ?\",\"args\":[{\"blob\":\"***\"}]}")]
    [InlineData("{\"sql\":\"select ?\",\"args\":[{\"integer\":\"9223372036854775808\"}]}")]
    [InlineData("{\"sql\":\"select ?\",\"args\":[1e999]}")]
    [InlineData("{\"sql\":\"select 1\",\"level\":{\"atLeast\":-1}}")]
    [InlineData("{\"sql\":\"select 1\",\"level\":{\"atVersion\":1,\"atTime\":\"x\"}}")]
    [InlineData("{\"sql\":\"select '\\ud800'\"}")]
    public async Task A_body_that_is_none_is_refused(string body)
    {
        await using var server = await TokenTests.DatabaseAsync(_ => { });
        var reply = await server.QueryAsync("db", body);
        reply.Problem(400, "Invalid", "bad-argument");
        Assert.Equal(200, (await server.QueryAsync("db", """{"sql":"select 1"}""")).Status);
    }

    [Fact]
    public async Task Deep_JSON_many_parameters_and_long_bodies_are_refused()
    {
        await using var server = await TokenTests.DatabaseAsync(options => options.RequestBytes = 1 << 20);
        var deep = $$"""{"sql":"select ?","args":{{new string('[', 100_000)}}{{new string(']', 100_000)}}}""";
        (await server.QueryAsync("db", deep)).Problem(400, "Invalid", "bad-argument");
        var many = JsonSerializer.Serialize(new { sql = $"select {string.Join(',', Enumerable.Repeat("?", 40_000))}", args = Enumerable.Range(0, 40_000) });
        Assert.Equal(400, (await server.QueryAsync("db", many)).Status);
        // It asks before it sends: who is still sending when the refusal comes may never read it.
        var large = JsonSerializer.Serialize(new { sql = "select ?", args = new[] { new string('x', 2 << 20) } });
        (await server.SendAsync(HttpMethod.Post, "/v1/databases/db/query", large, ("Expect", "100-continue"))).Problem(413, "Invalid", "limit-exceeded");
        Assert.Equal(200, (await server.QueryAsync("db", """{"sql":"select 1"}""")).Status);
    }

    [Fact]
    public async Task A_body_that_never_ends_holds_nobody_up()
    {
        await using var server = await TokenTests.DatabaseAsync(options => options.RequestTime = TimeSpan.FromSeconds(1));
        var clock = Stopwatch.StartNew();
        var slow = StatusAsync(server, "POST /v1/databases/db/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"sql\":");
        Assert.Equal(200, (await server.QueryAsync("db", """{"sql":"select 1"}""")).Status);
        Assert.InRange(await slow, 400, 408);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.5, 30);
    }

    [Theory]
    [InlineData("GET /v1/databases HTTP/1.1\r\n\r\n")]
    [InlineData("GET /v1/databases HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET /v1/databases HTTP/9.9\r\nHost: localhost\r\n\r\n")]
    [InlineData("GET /v1/databases HTTP/1.1\r\nHost: localhost\r\nbroken header\r\n\r\n")]
    [InlineData("POST /v1/databases/db/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST /v1/databases/db/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")]
    [InlineData("POST /v1/databases/db/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    [InlineData("TRACE /v1/databases HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("POST /v1/databases/db/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}")]
    public async Task A_malformed_request_is_refused(string request)
    {
        await using var server = await TokenTests.DatabaseAsync(_ => { });
        Assert.InRange(await StatusAsync(server, request), 400, 505);
        Assert.Equal(200, (await server.QueryAsync("db", """{"sql":"select 1"}""")).Status);
    }

    [Fact]
    public async Task Headers_without_end_are_refused()
    {
        await using var server = await TokenTests.DatabaseAsync(_ => { });
        Assert.Equal(431, await StatusAsync(server, $"GET /v1/databases HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', 100_000)}\r\n\r\n"));
        var many = string.Concat(Enumerable.Range(0, 1_000).Select(i => $"X{i}: 1\r\n"));
        Assert.Equal(431, await StatusAsync(server, $"GET /v1/databases HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"));
        Assert.Equal(414, await StatusAsync(server, $"GET /v1/databases?{new string('x', 100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        Assert.Equal(400, (await server.ExecuteAsync("db", """{"statements":["select 1"]}""", ("Idempotency-Key", new string('k', 10_000)))).Status);
        Assert.Equal(200, (await server.QueryAsync("db", """{"sql":"select 1"}""")).Status);
    }

    [Fact]
    public async Task Who_calls_too_often_is_told_so_and_nobody_else()
    {
        var (busy, calm) = (Jwt.Hs256(new { sub = "busy", scope = "read:*", exp = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600 }), Jwt.Hs256(new { sub = "calm", scope = "read:*", exp = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600 }));
        await using var server = await TokenTests.DatabaseAsync(options =>
        {
            options.Access.Keys.Add(new() { Secret = Jwt.Secret });
            (options.RequestsPerSecond, options.RequestBurst) = (1, 5);
        });
        List<Reply> replies = [];
        for (int i = 0; i < 12; i++)
        {
            replies.Add(await TokenTests.SendAsync(server, busy, HttpMethod.Get, "db"));
        }

        Assert.Equal(200, replies[0].Status);
        replies[^1].Problem(429, "Overloaded", "rate-limited");
        Assert.Equal("1", replies[^1].Headers["Retry-After"]);
        Assert.Equal(200, (await TokenTests.SendAsync(server, calm, HttpMethod.Get, "db")).Status);
    }

    [Fact]
    public async Task Rows_and_bytes_of_a_query_are_bounded()
    {
        await using var server = await TokenTests.DatabaseAsync(options => (options.QueryRows, options.QueryBytes) = (1_000, 40_000));
        const string numbers = "with recursive c(x) as (values (1) union all select x + 1 from c where x < {0}) select x from c";
        Assert.Equal(200, (await server.QueryAsync("db", JsonSerializer.Serialize(new { sql = string.Format(null, numbers, 1000) }))).Status);
        (await server.QueryAsync("db", JsonSerializer.Serialize(new { sql = string.Format(null, numbers, 1001) }))).Problem(400, "Invalid", "limit-exceeded");
        (await server.QueryAsync("db", """{"sql":"select printf('%.*c', 50000, 'x')"}""")).Problem(400, "Invalid", "limit-exceeded");
    }

    [Fact]
    public async Task Only_pages_of_listed_origins_may_read_the_answers_errors_included()
    {
        await using var server = await TokenTests.DatabaseAsync(options =>
        {
            options.Origins.Add("https://app.example");
            options.Access.Keys.Add(new() { Secret = Jwt.Secret });
        });
        var listed = await server.SendAsync(HttpMethod.Get, "/v1/databases/db", null, ("Origin", "https://app.example"));
        listed.Problem(401, "Invalid", "unauthenticated");
        Assert.Equal("https://app.example", listed.Headers["Access-Control-Allow-Origin"]);
        var asked = await server.SendAsync(
            HttpMethod.Options, "/v1/databases/db/execute", null,
            ("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type"));
        Assert.Equal((204, "https://app.example"), (asked.Status, asked.Headers["Access-Control-Allow-Origin"]));
        var foreign = await server.SendAsync(HttpMethod.Get, "/v1/databases/db", null, ("Origin", "https://evil.example"));
        Assert.False(foreign.Headers.ContainsKey("Access-Control-Allow-Origin"));
    }

    /// <summary>Sends bytes as they are, which no client would.</summary>
    private static async Task<int> StatusAsync(TestServer server, string request)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Client.BaseAddress!.Host, server.Client.BaseAddress.Port, patience.Token);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request), patience.Token);
        using var reader = new StreamReader(stream);
        var line = await reader.ReadLineAsync(patience.Token) ?? throw new IOException("No answer.");
        return int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
