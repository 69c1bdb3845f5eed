using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>What takes a real server to find out.</summary>
[Trait("Category", "S3")]
public sealed class S3StoreTests(S3Server server) : IClassFixture<S3Server>
{
    private static readonly CancellationToken None = CancellationToken.None;

    [S3Fact]
    public Task A_versioned_bucket_honours_conditions_or_is_refused() => server.WithVersionedBucketAsync(async bucket =>
    {
        await using S3Store store = S3Server.Open(bucket);
        try
        {
            await StoreProbe.RunAsync(store, TimeProvider.System, Entropy.System);
        }
        catch (StoreException error)
        {
            // Ceph's gateway of version 16 creates the same object twice in such a bucket.
            Assert.Equal(StoreFailure.Unsafe, error.Failure);
            return;
        }

        for (int round = 0; round < 20; round++)
        {
            string key = $"db/{round}";
            SwapResult[] created = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => store.SwapAsync(key, new[] { (byte)i }, null, None).AsTask()));
            SwapResult winner = Assert.Single(created, result => result.Answer == SwapAnswer.Done);
            SwapResult[] swapped = await Task.WhenAll(Enumerable.Range(8, 8).Select(i => store.SwapAsync(key, new[] { (byte)i }, winner.Tag, None).AsTask()));
            Assert.Single(swapped, result => result.Answer == SwapAnswer.Done);
        }
    });

    [S3Fact]
    public async Task Wrong_credentials_are_denied_and_never_shown()
    {
        foreach ((string id, string secret) in ((string, string)[])
            [("AKIDNOBODYKNOWSTHIS", "the-secret-of-nobody"), (Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID")!, "not-the-right-secret")])
        {
            await using var store = new S3Store(
                server.Bucket, "x", new S3Options { Endpoint = new Uri(S3Server.Endpoint!) }, credentials: new Amazon.Runtime.BasicAWSCredentials(id, secret));
            foreach (Func<Task> call in (Func<Task>[])
                [
                    async () => await store.ReadAsync("a", null, None),
                    async () => await store.SwapAsync("a", "x"u8.ToArray(), null, None),
                    async () => await store.WriteAsync("a", "x"u8.ToArray(), None),
                    async () => await store.ListAsync("", None).ToArrayAsync(),
                ])
            {
                StoreException error = await Assert.ThrowsAsync<StoreException>(call);
                Assert.Equal(StoreFailure.Denied, error.Failure);
                Assert.DoesNotContain(secret, error.ToString(), StringComparison.Ordinal);
                Assert.DoesNotContain(id, error.ToString(), StringComparison.Ordinal);
            }
        }
    }

    [S3Fact]
    public async Task A_url_opens_the_bucket_and_the_prefix_keeps_stores_apart()
    {
        string endpoint = Uri.EscapeDataString(S3Server.Endpoint!);
        await using IObjectStore one = ObjectStores.Open($"s3://{server.Bucket}/one?endpoint={endpoint}&region=us-east-1", TimeProvider.System, Entropy.System);
        await using IObjectStore other = ObjectStores.Open($"s3://{server.Bucket}/one/other?endpoint={endpoint}", TimeProvider.System, Entropy.System);
        await one.WriteAsync("a", "x"u8.ToArray(), None);
        await other.WriteAsync("b/c", "y"u8.ToArray(), None);
        Assert.Equal(["a", "other/b/c"], await one.ListAsync("", None).Select(info => info.Key).ToArrayAsync());
        Assert.Equal(["b"], await other.ListFoldersAsync("", None).ToArrayAsync());
    }
}
