using System.Net;
using System.Text;
using OrleansSqlite.Server;

namespace OrleansSqlite.Tests;

public sealed class ProblemTests
{
    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"sql\":null}")]
    [InlineData("{\"sql\":1}")]
    [InlineData("{\"sql\":\"select 1\",\"argz\":[]}")]
    [InlineData("{\"SQL\":\"select 1\"}")]
    [InlineData("{\"sql\":\"select 1\",\"sql\":\"select 2\"}")]
    [InlineData("{\"sql\":\"select 1\"} trailing")]
    [InlineData("{\"sql\":\"select 1\",}")]
    [InlineData("{\"sql\":\"select \\ud800\"}")]
    [InlineData("{\"sql\":\"select 1\",\"args\":1}")]
    [InlineData("{\"sql\":\"select 1\",\"args\":{\"a\":1,\"a\":2}}")]
    [InlineData("{\"sql\":\"select 1\",\"args\":{\"\\ud800\":1}}")]
    public async Task A_query_that_is_malformed_is_400(string body)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        (await server.QueryAsync("db", body)).Problem(400, "Invalid", ErrorCodes.BadArgument);
    }

    [Theory]
    [InlineData("{\"statements\":null}")]
    [InlineData("{\"statements\":\"select 1\"}")]
    [InlineData("{\"statements\":[1]}")]
    [InlineData("{\"statements\":[null]}")]
    [InlineData("{\"statements\":[{\"args\":[]}]}")]
    [InlineData("{\"statements\":[{\"sql\":\"select 1\",\"arg\":[]}]}")]
    [InlineData("{\"statements\":[\"select \\ud800\"]}")]
    [InlineData("{\"statements\":[\"select 1\"],\"operationId\":1}")]
    public async Task A_batch_that_is_malformed_is_400(string body)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        (await server.ExecuteAsync("db", body)).Problem(400, "Invalid", ErrorCodes.BadArgument);
    }

    [Fact]
    public async Task A_malformed_body_is_pointed_at()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var detail = (await server.ExecuteAsync("db", "{\"statements\":[\"select 1\",{\"sql\":\"select ?\",\"args\":[1,{\"blob\":7}]}]}")).Json.GetProperty("detail").GetString()!;
        Assert.Contains("base64", detail, StringComparison.Ordinal);
        Assert.Contains("$.statements[1]", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("OrleansSqlite.Server", detail, StringComparison.Ordinal);

        detail = (await server.QueryAsync("db", "{\"sql\":\"select 1\"} trailing")).Json.GetProperty("detail").GetString()!;
        Assert.Contains("invalid after a single JSON value", detail, StringComparison.Ordinal);

        detail = (await server.QueryAsync("db", """{"sql":"select 1","argz":[]}""")).Json.GetProperty("detail").GetString()!;
        Assert.Contains("$.argz: a member is unknown", detail, StringComparison.Ordinal);
        Assert.DoesNotContain("OrleansSqlite.Server", detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task A_body_that_is_not_said_to_be_JSON_is_415(string type)
    {
        // A web page can make a browser send these without being asked.
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        using var body = new StringContent("""{"statements":["drop table t"]}""", Encoding.UTF8, type);
        using var response = await server.Client.PostAsync("/v1/databases/db/execute", body);
        (await Reply.FromAsync(response)).Problem(415, "Invalid", ErrorCodes.BadArgument);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_413()
    {
        await using var server = await TestServer.StartAsync(options => options.RequestBytes = 4096);
        await server.CreateAsync("db");
        var large = $$"""{"sql":"select 1 -- {{new string('x', 5000)}}"}""";
        (await server.QueryAsync("db", large)).Problem(413, "Invalid", ErrorCodes.LimitExceeded);

        // And if it does not say its length beforehand.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/databases/db/query")
        {
            Content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(large))) { Headers = { ContentType = new("application/json") } },
            Headers = { TransferEncodingChunked = true },
        };
        using var response = await server.Client.SendAsync(request);
        (await Reply.FromAsync(response)).Problem(413, "Invalid", ErrorCodes.LimitExceeded);
        Assert.Equal(200, (await server.QueryAsync("db", """{"sql":"select 1"}""")).Status);
    }

    [Theory]
    [InlineData(ErrorKind.Conflict, ErrorCodes.RetriesExhausted, HttpStatusCode.Conflict)]
    [InlineData(ErrorKind.Conflict, ErrorCodes.VersionMismatch, HttpStatusCode.PreconditionFailed)]
    [InlineData(ErrorKind.Unavailable, ErrorCodes.StoreUnavailable, HttpStatusCode.ServiceUnavailable)]
    [InlineData(ErrorKind.Unavailable, ErrorCodes.OutcomeUnknown, HttpStatusCode.ServiceUnavailable)]
    [InlineData(ErrorKind.Unavailable, ErrorCodes.StoreDenied, HttpStatusCode.ServiceUnavailable)]
    [InlineData(ErrorKind.Overloaded, ErrorCodes.QueueFull, HttpStatusCode.TooManyRequests)]
    [InlineData(ErrorKind.Invalid, ErrorCodes.Sql, HttpStatusCode.BadRequest)]
    [InlineData(ErrorKind.Invalid, ErrorCodes.DatabaseGone, HttpStatusCode.NotFound)]
    [InlineData(ErrorKind.Invalid, ErrorCodes.OperationReused, HttpStatusCode.Conflict)]
    [InlineData(ErrorKind.Invalid, ErrorCodes.VersionNotReached, HttpStatusCode.PreconditionFailed)]
    [InlineData(ErrorKind.Invalid, ErrorCodes.VersionGone, HttpStatusCode.Gone)]
    [InlineData(ErrorKind.Invalid, ErrorCodes.SnapshotName, HttpStatusCode.Conflict)]
    [InlineData(ErrorKind.Conflict, ErrorCodes.SnapshotTooOld, HttpStatusCode.Conflict)]
    [InlineData(ErrorKind.Invalid, ErrorCodes.BadStore, HttpStatusCode.InternalServerError)]
    [InlineData(ErrorKind.Corrupt, ErrorCodes.Damaged, HttpStatusCode.InternalServerError)]
    [InlineData(ErrorKind.Internal, ErrorCodes.Invariant, HttpStatusCode.InternalServerError)]
    public async Task Each_error_has_its_status(ErrorKind kind, string code, HttpStatusCode status)
    {
        var error = new DatabaseException(kind, code, "What happened. What to do.")
        {
            Database = "db",
            Version = 7,
            Object = "db/head",
            OutcomeKnown = code != ErrorCodes.OutcomeUnknown,
        };
        await using var server = await TestServer.StartAsync(new FailingCatalog(error));
        var reply = await server.SendAsync(HttpMethod.Get, "/v1/databases/db");
        var problem = reply.Problem((int)status, kind.ToString(), code);
        Assert.Equal("What happened. What to do.", problem.GetProperty("detail").GetString());
        Assert.Equal(7, problem.GetProperty("version").GetInt64());
        Assert.Equal("db/head", problem.GetProperty("object").GetString());
        Assert.Equal(error.IsTransient, problem.GetProperty("transient").GetBoolean());
        Assert.Equal(error.OutcomeKnown, problem.GetProperty("outcomeKnown").GetBoolean());
        Assert.Equal(status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests, reply.Headers.ContainsKey("Retry-After"));
        Assert.Equal((int)status, ErrorStatus.Of(error));
    }

    [Fact]
    public async Task An_unforeseen_error_keeps_its_secrets()
    {
        await using var server = await TestServer.StartAsync(new FailingCatalog(new InvalidOperationException("password=hunter2")));
        var reply = await server.SendAsync(HttpMethod.Get, "/v1/databases/db");
        reply.Problem(500, "Internal", ErrorCodes.Invariant);
        Assert.DoesNotContain("hunter2", reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Liveness_never_asks_the_store_and_readiness_does()
    {
        var away = new FailingCatalog(new DatabaseException(ErrorKind.Unavailable, ErrorCodes.StoreUnavailable, "The store is away."));
        await using var server = await TestServer.StartAsync(away);
        Assert.Equal("""{"status":"live"}""", (await server.SendAsync(HttpMethod.Get, "/health/live")).Text.TrimEnd());
        Assert.Equal(0, away.Asked);
        (await server.SendAsync(HttpMethod.Get, "/health/ready")).Problem(503, "Unavailable", ErrorCodes.StoreUnavailable);
        Assert.Equal(1, away.Asked);

        await using var missing = await TestServer.StartAsync(new FailingCatalog(new DatabaseException(ErrorKind.Invalid, ErrorCodes.DatabaseNotFound, "No.")));
        Assert.Equal("""{"status":"ready"}""", (await missing.SendAsync(HttpMethod.Get, "/health/ready")).Text.TrimEnd());
    }

    [Fact]
    public async Task Readiness_does_not_wait_for_ever()
    {
        await using var server = await TestServer.StartAsync(new FailingCatalog(null), options => options.ReadyTime = TimeSpan.FromMilliseconds(50));
        (await server.SendAsync(HttpMethod.Get, "/health/ready")).Problem(503, "Unavailable", ErrorCodes.StoreUnavailable);
    }

    [Fact]
    public async Task Limits_out_of_range_stop_the_start() =>
        await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => TestServer.StartAsync(options => options.RequestBytes = 1));
}
