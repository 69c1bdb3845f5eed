using System.Net.Sockets;
using Amazon.Runtime;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>A swap over the wire: what is sent, how often, and what each answer is taken for.</summary>
public sealed class S3SwapTests
{
    private static readonly ETag Tag = new("0123456789abcdef0123456789abcdef");
    private static readonly byte[] Content = "content"u8.ToArray();
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task It_is_one_PUT_with_its_condition_and_its_content()
    {
        await using var server = new CannedServer(_ => CannedServer.Answer(200, "", "ETag: \"feed\""));
        await using S3Store store = Open(server);
        Assert.Equal(SwapResult.Done(new ETag("feed")), await store.SwapAsync("db/head", Content, null, None));
        Assert.Equal(SwapResult.Done(new ETag("feed")), await store.SwapAsync("db/head", Content, Tag, None));

        Assert.Equal(2, server.Requests.Count);
        Assert.All(server.Requests, request =>
        {
            Assert.Equal(("PUT", "/bucket/pre/fix/db/head"), (request.Method, request.Target));
            Assert.Equal(Content, request.Body);
            Assert.Null(request["Expect"]);
            Assert.Null(request["x-amz-server-side-encryption"]);
        });
        Assert.Equal(("*", null), (server.Requests[0]["If-None-Match"], server.Requests[0]["If-Match"]));
        Assert.Equal((null, $"\"{Tag}\""), (server.Requests[1]["If-None-Match"], server.Requests[1]["If-Match"]));
    }

    [Theory]
    [InlineData(412, "PreconditionFailed", SwapAnswer.Lost)]
    [InlineData(409, "ConditionalRequestConflict", SwapAnswer.Busy)]
    [InlineData(409, "OperationAborted", SwapAnswer.Busy)]
    [InlineData(404, "NoSuchKey", SwapAnswer.Gone)]
    public async Task Each_refusal_means_something_else(int status, string code, SwapAnswer expected)
    {
        await using var server = new CannedServer(request => request.Method == "PUT"
            ? CannedServer.Error(status, code)
            : CannedServer.Answer(200, "", "ETag: \"another\""));
        await using S3Store store = Open(server);
        Assert.Equal(new SwapResult(expected, default), await store.SwapAsync("db/head", Content, Tag, None));
        Assert.Single(server.Requests, request => request.Method == "PUT");
    }

    [Theory]
    [InlineData(500, "InternalError", StoreFailure.Unavailable)]
    [InlineData(500, "UnknownError", StoreFailure.Unavailable)]
    [InlineData(502, "", StoreFailure.Unavailable)]
    [InlineData(503, "SlowDown", StoreFailure.Unavailable)]
    [InlineData(504, "", StoreFailure.Unavailable)]
    [InlineData(400, "RequestTimeout", StoreFailure.Unavailable)]
    [InlineData(429, "TooManyRequests", StoreFailure.Unavailable)]
    [InlineData(400, "ExpiredToken", StoreFailure.Denied)]
    [InlineData(401, "", StoreFailure.Denied)]
    [InlineData(403, "AccessDenied", StoreFailure.Denied)]
    [InlineData(403, "InvalidAccessKeyId", StoreFailure.Denied)]
    [InlineData(403, "SignatureDoesNotMatch", StoreFailure.Denied)]
    [InlineData(403, "RequestTimeTooSkewed", StoreFailure.Denied)]
    [InlineData(403, "QuotaExceeded", StoreFailure.Full)]
    [InlineData(507, "XMinioStorageFull", StoreFailure.Full)]
    [InlineData(404, "NoSuchBucket", StoreFailure.Misconfigured)]
    [InlineData(404, "", StoreFailure.Misconfigured)]
    [InlineData(301, "PermanentRedirect", StoreFailure.Misconfigured)]
    [InlineData(307, "TemporaryRedirect", StoreFailure.Misconfigured)]
    [InlineData(400, "AuthorizationHeaderMalformed", StoreFailure.Misconfigured)]
    [InlineData(400, "KMS.NotFoundException", StoreFailure.Misconfigured)]
    [InlineData(501, "NotImplemented", StoreFailure.Unsafe)]
    [InlineData(304, "", StoreFailure.Unavailable)]
    public async Task After_any_other_answer_it_is_not_sent_again_and_the_error_says_why(int status, string code, StoreFailure expected)
    {
        await using var server = new CannedServer(_ => code.Length == 0 ? CannedServer.Answer(status, "<html>no</html>") : CannedServer.Error(status, code));
        await using S3Store store = Open(server);
        foreach (ETag? tag in (ETag?[])[Tag, null])
        {
            server.Requests.Clear();
            StoreException error = await Assert.ThrowsAsync<StoreException>(async () => await store.SwapAsync("db/head", Content, tag, None));
            Assert.Equal(expected, error.Failure);
            Assert.Equal("db/head", error.Key);
            Assert.Contains($"HTTP {status}", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("AKIDTEST", error.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("secret-of-test", error.ToString(), StringComparison.Ordinal);
            Assert.Single(server.Requests);
        }
    }

    [Fact]
    public async Task A_connection_that_breaks_leaves_the_outcome_unknown_and_nothing_is_sent_again()
    {
        // The second request comes over the first one's connection: the SDK and the runtime both have ways to repeat just that.
        int served = 0;
        await using var server = new CannedServer(_ => Interlocked.Increment(ref served) == 1 ? CannedServer.Answer(200, "", "ETag: \"feed\"") : CannedServer.HangUp);
        await using S3Store store = Open(server);
        await store.SwapAsync("db/head", Content, null, None);
        StoreException error = await Assert.ThrowsAsync<StoreException>(async () => await store.SwapAsync("db/head", Content, Tag, None));
        Assert.Equal(StoreFailure.Unavailable, error.Failure);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_large_swap_whose_connection_breaks_is_not_sent_again_either()
    {
        int served = 0;
        await using var server = new CannedServer(_ => Interlocked.Increment(ref served) == 1 ? CannedServer.Answer(200, "", "ETag: \"feed\"") : CannedServer.HangUp);
        await using S3Store store = Open(server);
        await store.SwapAsync("db/head", Content, null, None);
        await Assert.ThrowsAsync<StoreException>(async () => await store.SwapAsync("db/head", new byte[3 << 20], Tag, None));
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal("100-continue", server.Requests[1]["Expect"]);
    }

    [Fact]
    public async Task No_answer_in_time_is_an_unknown_outcome()
    {
        await using var server = new CannedServer(_ => new TaskCompletionSource<string>().Task);
        await using S3Store store = Open(server, new S3Options { SwapTimeout = TimeSpan.FromMilliseconds(200) });
        StoreException error = await Assert.ThrowsAsync<StoreException>(async () => await store.SwapAsync("db/head", Content, Tag, None));
        Assert.Equal(StoreFailure.Unavailable, error.Failure);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task The_callers_own_impatience_is_a_cancellation_and_no_failure_of_the_store()
    {
        await using var server = new CannedServer(_ => new TaskCompletionSource<string>().Task);
        await using S3Store store = Open(server);
        using var impatience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.SwapAsync("db/head", Content, Tag, impatience.Token));
        Assert.Equal(impatience.Token, cancelled.CancellationToken);
    }

    [Fact]
    public async Task A_store_that_takes_tags_without_quotes_only_is_understood_after_one_refusal()
    {
        string current = Tag.Value;
        await using var server = new CannedServer(request =>
        {
            if (request.Method == "PUT" && request["If-Match"] != current)
            {
                return CannedServer.Error(412, "PreconditionFailed");
            }

            current = request.Method == "PUT" ? $"feed{request.Body.Length}" : current;
            return CannedServer.Answer(200, "", $"ETag: \"{current}\"");
        });
        await using S3Store store = Open(server);
        Assert.Equal(SwapResult.Busy, await store.SwapAsync("db/head", Content, Tag, None));
        Assert.Equal(["PUT", "HEAD"], server.Requests.Select(request => request.Method));
        Assert.Equal(SwapResult.Done(new ETag("feed7")), await store.SwapAsync("db/head", Content, Tag, None));

        // Now that the form is known, a refusal is a refusal: nothing is looked up any more.
        server.Requests.Clear();
        Assert.Equal(SwapResult.Lost, await store.SwapAsync("db/head", Content, Tag, None));
        Assert.Equal(["PUT"], server.Requests.Select(request => request.Method));
    }

    [Fact]
    public async Task A_lost_race_does_not_change_how_tags_are_written()
    {
        await using var server = new CannedServer(request => request.Method == "PUT" && request["If-Match"] != "\"other\""
            ? CannedServer.Error(412, "PreconditionFailed")
            : CannedServer.Answer(200, "", "ETag: \"other\""));
        await using S3Store store = Open(server);
        Assert.Equal(SwapResult.Lost, await store.SwapAsync("db/head", Content, Tag, None));
        Assert.Equal(SwapAnswer.Done, (await store.SwapAsync("db/head", Content, new ETag("other"), None)).Answer);
        server.Requests.Clear();
        Assert.Equal(SwapResult.Lost, await store.SwapAsync("db/head", Content, Tag, None));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Encryption_is_asked_for_as_set()
    {
        await using var server = new CannedServer(_ => CannedServer.Answer(200, "", "ETag: \"feed\""));
        await using (S3Store store = Open(server, new S3Options { Encryption = S3Encryption.Aes256 }))
        {
            await store.SwapAsync("db/head", Content, null, None);
        }

        await using (S3Store store = Open(server, new S3Options { KmsKey = "key-1", BucketKey = true }))
        {
            await store.WriteAsync("db/a", Content, None);
        }

        Assert.Equal("AES256", server.Requests[0]["x-amz-server-side-encryption"]);
        Assert.Equal("aws:kms", server.Requests[1]["x-amz-server-side-encryption"]);
        Assert.Equal("key-1", server.Requests[1]["x-amz-server-side-encryption-aws-kms-key-id"]);
        Assert.Equal("true", server.Requests[1]["x-amz-server-side-encryption-bucket-key-enabled"]);
    }

    [Fact]
    public async Task An_endpoint_where_nobody_listens_is_unavailable()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var nobody = new Uri($"http://{listener.LocalEndpoint}");
        listener.Stop();
        await using S3Store store = Open(nobody, new S3Options { Retries = 0 });
        foreach (Func<Task> call in (Func<Task>[])
            [async () => await store.SwapAsync("db/head", Content, Tag, None), async () => await store.ReadAsync("db/head", null, None)])
        {
            StoreException error = await Assert.ThrowsAsync<StoreException>(call);
            Assert.Equal(StoreFailure.Unavailable, error.Failure);
            Assert.Contains("cannot be reached", error.Message, StringComparison.Ordinal);
        }
    }

    internal static S3Store Open(CannedServer server, S3Options? options = null) => Open(server.Endpoint, options);

    private static S3Store Open(Uri endpoint, S3Options? options) => new(
        "bucket", "pre/fix", (options ?? new S3Options()) with { Endpoint = endpoint }, credentials: new BasicAWSCredentials("AKIDTEST", "secret-of-test"));
}
