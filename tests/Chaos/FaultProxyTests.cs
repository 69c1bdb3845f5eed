using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace OrleansSqlite.Tests;

/// <summary>The proxy does what it says: a fault that never happens proves nothing.</summary>
[Trait("Category", "S3")]
public sealed class FaultProxyTests
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 7))];

    [S3Fact]
    public Task Without_faults_it_changes_nothing() => WithAsync(Fate.Served, async (proxied, direct, bucket, proxy) =>
    {
        await PutAsync(proxied, bucket);
        Assert.Equal(Content, await GetAsync(direct, bucket));
        Assert.Equal(Content, await GetAsync(proxied, bucket));
        Assert.Equal(["key"], (await proxied.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).S3Objects.Select(found => found.Key));
        Assert.Equal(Content.Length, (await proxied.GetObjectMetadataAsync(bucket, "key")).ContentLength);
        await proxied.DeleteObjectAsync(bucket, "key");
        Assert.False(await IsThereAsync(direct, bucket));
        Assert.Equal(0, proxy.Faults);
    });

    [S3Fact]
    public Task A_request_that_was_slowed_down_or_lost_or_torn_never_arrives() => ForEachAsync([Fate.SlowDown, Fate.Lost, Fate.Torn], async (fate, proxied, direct, bucket, proxy) =>
    {
        var status = await FailureAsync(() => PutAsync(proxied, bucket));
        Assert.Equal(fate == Fate.SlowDown ? HttpStatusCode.ServiceUnavailable : null, status);
        await proxy.SettleAsync();
        Assert.False(await IsThereAsync(direct, bucket));
        Assert.Equal(1, proxy.Count(fate));
    });

    [S3Fact]
    public Task A_request_whose_answer_is_lost_or_replaced_has_arrived() => ForEachAsync([Fate.AnswerLost, Fate.ServedAndFailed], async (fate, proxied, direct, bucket, proxy) =>
    {
        var status = await FailureAsync(() => PutAsync(proxied, bucket));
        Assert.Equal(fate == Fate.ServedAndFailed ? HttpStatusCode.InternalServerError : null, status);
        Assert.Equal(Content, await GetAsync(direct, bucket));
        Assert.Equal(1, proxy.Count(fate));
    });

    [S3Fact]
    public Task A_late_request_arrives_after_its_sender_has_given_it_up() => WithAsync(Fate.Late, async (proxied, direct, bucket, proxy) =>
    {
        Assert.Null(await FailureAsync(() => PutAsync(proxied, bucket)));
        await proxy.SettleAsync();
        Assert.Equal(Content, await GetAsync(direct, bucket));
    });

    [S3Fact]
    public Task Of_an_echoed_creation_the_second_answer_goes_out() => WithAsync(Fate.Echoed, async (proxied, direct, bucket, _) =>
    {
        Assert.Equal(HttpStatusCode.PreconditionFailed, await FailureAsync(() => PutAsync(proxied, bucket)));
        Assert.Equal(Content, await GetAsync(direct, bucket));
    });

    [S3Fact]
    public Task A_torn_answer_breaks_off() => WithAsync(Fate.AnswerTorn, async (proxied, direct, bucket, _) =>
    {
        await PutAsync(direct, bucket);
        Assert.Null(await FailureAsync(async () => await GetAsync(proxied, bucket)));
    });

    [S3Fact]
    public Task A_held_answer_comes_after_its_time() => WithAsync(Fate.AnswerHeld, async (proxied, direct, bucket, proxy) =>
    {
        var sending = PutAsync(proxied, bucket);
        Assert.NotEqual(sending, await Task.WhenAny(sending, Task.Delay(proxy.Hold / 2)));
        Assert.Equal(Content, await GetAsync(direct, bucket));
        await sending;
    });

    private static async Task ForEachAsync(Fate[] fates, Func<Fate, AmazonS3Client, AmazonS3Client, string, FaultProxy, Task> test)
    {
        foreach (var fate in fates)
        {
            await WithAsync(fate, (proxied, direct, bucket, proxy) => test(fate, proxied, direct, bucket, proxy));
        }
    }

    /// <summary>A bucket, a client whose requests all have that fate, and one whose requests go straight to the server.</summary>
    private static Task WithAsync(Fate fate, Func<AmazonS3Client, AmazonS3Client, string, FaultProxy, Task> test) => S3Server.WithStoreAsync(async url =>
    {
        await using var proxy = new FaultProxy(new Uri(S3Server.Endpoint!), new Entropy(1))
        {
            Rates = FateRates.Always(fate),
            Hold = TimeSpan.FromSeconds(1),
            Lateness = TimeSpan.FromMilliseconds(200),
        };
        using var proxied = Client(proxy.Endpoint.OriginalString);
        using var direct = Client(S3Server.Endpoint!);
        await test(proxied, direct, new Uri(url).Host, proxy);
    });

    private static AmazonS3Client Client(string endpoint) => new(new AmazonS3Config
    {
        ServiceURL = endpoint,
        ForcePathStyle = true,
        AuthenticationRegion = "us-east-1",
        MaxErrorRetry = 0,
        MaxStaleConnectionRetries = 0,
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    private static Task<PutObjectResponse> PutAsync(AmazonS3Client client, string bucket) =>
        client.PutObjectAsync(new PutObjectRequest
        {
            BucketName = bucket,
            Key = "key",
            InputStream = new MemoryStream(Content),
            IfNoneMatch = "*",
            UseChunkEncoding = false,
        });

    private static async Task<byte[]> GetAsync(AmazonS3Client client, string bucket)
    {
        using var answer = await client.GetObjectAsync(bucket, "key");
        var content = new MemoryStream();
        await answer.ResponseStream.CopyToAsync(content);
        return content.ToArray();
    }

    private static async Task<bool> IsThereAsync(AmazonS3Client client, string bucket) =>
        (await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).S3Objects is { Count: > 0 };

    /// <summary>What a request that must fail was answered; null if its connection broke.</summary>
    private static async Task<HttpStatusCode?> FailureAsync(Func<Task> request)
    {
        var error = await Record.ExceptionAsync(request);
        Assert.NotNull(error);
        return error is AmazonServiceException { StatusCode: not 0 } answer ? answer.StatusCode : null;
    }
}
