using System.Net.Sockets;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>Reads, writes, deletes and listings over the wire: the requests that may be repeated.</summary>
public sealed class S3ReadTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly string[] Dates = ["ETag: \"feed\"", "Date: Sun, 22 Nov 2026 10:00:05 GMT", "Last-Modified: Sun, 22 Nov 2026 10:00:00 GMT"];

    [Fact]
    public async Task A_read_brings_the_content_the_tag_and_both_times()
    {
        await using var server = new CannedServer(_ => CannedServer.Answer(200, "content", Dates));
        await using S3Store store = S3SwapTests.Open(server);
        ReadResult read = await store.ReadAsync("db/head", new ETag("beef"), None);
        Assert.Equal((ReadAnswer.Found, new ETag("feed")), (read.Answer, read.Tag));
        Assert.True(read.Content.Span.SequenceEqual("content"u8));
        Assert.Equal(DateTimeOffset.Parse("2026-11-22T10:00:00Z"), read.Modified);
        Assert.Equal(DateTimeOffset.Parse("2026-11-22T10:00:05Z"), read.Now);
        Assert.Equal("\"beef\"", Assert.Single(server.Requests)["If-None-Match"]);
    }

    [Fact]
    public async Task Not_modified_and_missing_are_answers_and_tell_the_time_too()
    {
        await using var server = new CannedServer(request => request["If-None-Match"] is null
            ? CannedServer.Error(404, "NoSuchKey").Replace("\r\n\r\n", $"\r\n{Dates[1]}\r\n\r\n", StringComparison.Ordinal)
            : $"HTTP/1.1 304 Not Modified\r\n{Dates[1]}\r\n\r\n");
        await using S3Store store = S3SwapTests.Open(server);
        DateTimeOffset now = DateTimeOffset.Parse("2026-11-22T10:00:05Z");
        Assert.Equal(ReadResult.NotModified with { Now = now }, await store.ReadAsync("db/head", new ETag("feed"), None));
        Assert.Equal(ReadResult.Missing with { Now = now }, await store.ReadAsync("db/head", null, None));
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(206)]
    [InlineData(304)]
    [InlineData(412)]
    public async Task An_answer_that_does_not_belong_to_the_request_is_never_taken_for_an_object(int status)
    {
        await using var server = new CannedServer(_ => $"HTTP/1.1 {status} Whatever\r\n{Dates[0]}\r\nContent-Length: 0\r\n\r\n");
        await using S3Store store = S3SwapTests.Open(server);
        StoreException error = await Assert.ThrowsAsync<StoreException>(async () => await store.ReadAsync("db/head", null, None));
        Assert.Equal(StoreFailure.Unavailable, error.Failure);
        Assert.Contains($"HTTP {status}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(500, "InternalError", StoreFailure.Unavailable)]
    [InlineData(403, "AccessDenied", StoreFailure.Denied)]
    [InlineData(404, "NoSuchBucket", StoreFailure.Misconfigured)]
    [InlineData(404, "NotFound", StoreFailure.Misconfigured)]
    public async Task What_is_no_answer_about_the_object_is_a_failure(int status, string code, StoreFailure failure)
    {
        await using var server = new CannedServer(_ => CannedServer.Error(status, code));
        await using S3Store store = S3SwapTests.Open(server, new S3Options { Retries = 1 });
        foreach (Func<Task> call in (Func<Task>[])
            [
                async () => await store.ReadAsync("db/head", null, None),
                async () => await store.ReadRangeAsync("db/head", 0, 1, None),
                async () => await store.WriteAsync("db/head", default, None),
                async () => await store.DeleteAsync("db/head", None),
                async () => await store.ListAsync("", None).ToArrayAsync(),
                async () => await store.ListFoldersAsync("", None).ToArrayAsync(),
            ])
        {
            server.Requests.Clear();
            Assert.Equal(failure, (await Assert.ThrowsAsync<StoreException>(call)).Failure);

            // What may pass is tried again, what will not is not.
            Assert.Equal(failure == StoreFailure.Unavailable ? 2 : 1, server.Requests.Count);
        }
    }

    [Fact]
    public async Task Deleting_what_is_not_there_is_no_error_whatever_the_store_calls_it()
    {
        await using var server = new CannedServer(_ => CannedServer.Error(404, "NoSuchKey"));
        await using S3Store store = S3SwapTests.Open(server);
        await store.DeleteAsync("db/a", None);
        Assert.Equal(("DELETE", "/bucket/pre/fix/db/a"), (server.Requests[0].Method, server.Requests[0].Target));
    }

    [Fact]
    public async Task Content_that_breaks_off_is_read_again()
    {
        int served = 0;
        string broken = CannedServer.Answer(200, "content", Dates).Replace("Content-Length: 7", "Content-Length: 70\r\nConnection: close", StringComparison.Ordinal);
        await using var server = new CannedServer(_ => Interlocked.Increment(ref served) == 1 ? broken : CannedServer.Answer(200, "content", Dates));
        await using S3Store store = S3SwapTests.Open(server);
        Assert.Equal(7, (await store.ReadAsync("db/head", null, None)).Content.Length);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Content_that_always_breaks_off_is_unavailable_and_never_short()
    {
        await using var server = new CannedServer(request => CannedServer
            .Answer(request["Range"] is null ? 200 : 206, "con", [.. Dates, "Content-Range: bytes 0-69/70"])
            .Replace("Content-Length: 3", "Content-Length: 70\r\nConnection: close", StringComparison.Ordinal));
        await using S3Store store = S3SwapTests.Open(server, new S3Options { Retries = 1 });
        Assert.Equal(StoreFailure.Unavailable, (await Assert.ThrowsAsync<StoreException>(async () => await store.ReadAsync("db/a", null, None))).Failure);
        Assert.Equal(StoreFailure.Unavailable, (await Assert.ThrowsAsync<StoreException>(async () => await store.ReadRangeAsync("db/a", 0, 70, None))).Failure);
        Assert.Equal(4, server.Requests.Count);
    }

    [Theory]
    [InlineData(206, "345", "Content-Range: bytes 3-5/10", null)]
    [InlineData(206, "34", "Content-Range: bytes 3-4/5", StoreFailure.Truncated)]
    [InlineData(416, "", "Content-Range: bytes */2", StoreFailure.Truncated)]
    [InlineData(206, "012", "Content-Range: bytes 0-2/10", StoreFailure.Unsafe)]
    [InlineData(200, "0123456789", "X: y", StoreFailure.Unsafe)]
    public async Task A_range_is_the_one_that_was_asked_for_or_an_error(int status, string body, string header, StoreFailure? failure)
    {
        await using var server = new CannedServer(_ => CannedServer.Answer(status, body, [.. Dates, header]));
        await using S3Store store = S3SwapTests.Open(server);
        if (failure is null)
        {
            Assert.True((await store.ReadRangeAsync("db/a", 3, 3, None)).Span.SequenceEqual("345"u8));
        }
        else
        {
            Assert.Equal(failure, (await Assert.ThrowsAsync<StoreException>(async () => await store.ReadRangeAsync("db/a", 3, 3, None))).Failure);
        }

        Assert.Equal("bytes=3-5", Assert.Single(server.Requests)["Range"]);
    }

    [Fact]
    public async Task A_slow_answer_is_unavailable_after_the_time_that_is_set()
    {
        await using var server = new CannedServer(_ => new TaskCompletionSource<string>().Task);
        await using S3Store store = S3SwapTests.Open(server, new S3Options { RequestTimeout = TimeSpan.FromMilliseconds(200) });
        StoreException error = await Assert.ThrowsAsync<StoreException>(async () => await store.ReadAsync("db/head", null, None));
        Assert.Equal(StoreFailure.Unavailable, error.Failure);
        Assert.Contains("in time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_credentials_it_is_denied_with_a_word_on_where_to_put_them()
    {
        var nobody = new Dictionary<string, string?>
        {
            ["AWS_ACCESS_KEY_ID"] = null,
            ["AWS_SECRET_ACCESS_KEY"] = null,
            ["AWS_SESSION_TOKEN"] = null,
            ["AWS_PROFILE"] = null,
            ["AWS_WEB_IDENTITY_TOKEN_FILE"] = null,
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = null,
            ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = null,
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            ["HOME"] = "/nowhere",
            ["AWS_SHARED_CREDENTIALS_FILE"] = "/nowhere/at/all",
        };
        string said = await RaceProcess.RunAsync(nobody, "read", "s3://bucket?endpoint=http://127.0.0.1:1", "db/head");
        Assert.StartsWith("Denied: No credentials were found.", said, StringComparison.Ordinal);
        Assert.Contains("AWS_ACCESS_KEY_ID", said, StringComparison.Ordinal);

        // And without a region, AWS cannot be asked at all.
        nobody["AWS_REGION"] = nobody["AWS_DEFAULT_REGION"] = nobody["AWS_ENDPOINT_URL"] = nobody["AWS_ENDPOINT_URL_S3"] = null;
        nobody["AWS_ACCESS_KEY_ID"] = nobody["AWS_SECRET_ACCESS_KEY"] = "x";
        Assert.StartsWith("Misconfigured: No region is set.", await RaceProcess.RunAsync(nobody, "read", "s3://bucket", "db/head"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_does_not_exist_is_misconfigured_and_one_that_cannot_be_looked_up_now_is_not()
    {
        // Made up, as what a resolver says here and now depends on the network.
        StoreFailure Of(SocketError code) => S3Errors.Map(new HttpRequestException("No.", new SocketException((int)code)), "s3://bucket", null)!.Failure;
        Assert.Equal(StoreFailure.Misconfigured, Of(SocketError.HostNotFound));
        Assert.Equal(StoreFailure.Unavailable, Of(SocketError.TryAgain));
        Assert.Equal(StoreFailure.Unavailable, Of(SocketError.ConnectionRefused));
        Assert.Null(S3Errors.Map(new InvalidOperationException("A bug."), "s3://bucket", null));
    }

    [Theory]
    [InlineData("AccessDenied", StoreFailure.Denied)]
    [InlineData("SlowDown", StoreFailure.Unavailable)]
    [InlineData("InternalError", StoreFailure.Unavailable)]
    public async Task Of_many_that_are_deleted_at_once_one_that_stays_is_an_error_that_names_it(string code, StoreFailure failure)
    {
        await using var server = new CannedServer(_ => CannedServer.Answer(
            200,
            $"<DeleteResult><Deleted><Key>db/a</Key></Deleted><Error><Key>db/b</Key><Code>{code}</Code><Message>Not that one.</Message></Error></DeleteResult>",
            "Content-Type: application/xml"));
        await using S3Store store = S3SwapTests.Open(server, new S3Options { Retries = 0 });
        var error = await Assert.ThrowsAsync<StoreException>(async () => await store.DeleteManyAsync(["db/a", "db/b"], None));
        Assert.Equal(failure, error.Failure);
        Assert.Contains("db/b", error.Message, StringComparison.Ordinal);
    }
}
