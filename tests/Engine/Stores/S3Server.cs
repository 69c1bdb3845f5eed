using Amazon.S3;
using Amazon.S3.Model;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>The S3 server that the environment names, and a bucket of this run's own on it.</summary>
public sealed class S3Server : IAsyncLifetime
{
    public static string? Endpoint => Environment.GetEnvironmentVariable("OSQL_S3_ENDPOINT") is { Length: > 0 } endpoint ? endpoint : null;

    /// <summary>Why tests that need a server cannot run, or null.</summary>
    public static string? WhyNot { get; } = Endpoint is null ? "Needs an S3 server: eval \"$(tests/s3-server start)\"" : null;

    public string Bucket { get; } = $"osql-tests-{Entropy.System.NextGuid():n}";

    /// <summary>A store of its own in the bucket.</summary>
    public S3Store Open(S3Options? options = null) => Open(Bucket, options);

    /// <summary>Makes a bucket that keeps old versions, runs the test with its name, and deletes it.</summary>
    public async Task WithVersionedBucketAsync(Func<string, Task> test)
    {
        string bucket = Bucket + "-v";
        using AmazonS3Client client = Connect();
        await client.PutBucketAsync(bucket);
        await client.PutBucketVersioningAsync(new PutBucketVersioningRequest
        {
            BucketName = bucket,
            VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled },
        });
        await test(bucket);
        ListVersionsResponse versions = await client.ListVersionsAsync(bucket);
        foreach (S3ObjectVersion version in versions.Versions ?? [])
        {
            await client.DeleteObjectAsync(bucket, version.Key, version.VersionId);
        }

        await client.DeleteBucketAsync(bucket);
    }

    public static S3Store Open(string bucket, S3Options? options = null) =>
        new(bucket, $"{Entropy.System.NextGuid():n}/deep", (options ?? new S3Options()) with { Endpoint = new Uri(Endpoint!) });

    public async Task InitializeAsync()
    {
        if (Endpoint is not null)
        {
            using AmazonS3Client client = Connect();
            await client.PutBucketAsync(Bucket);
        }
    }

    public async Task DisposeAsync()
    {
        if (Endpoint is null)
        {
            return;
        }

        using AmazonS3Client client = Connect();
        await foreach (S3Object found in client.Paginators.ListObjectsV2(new ListObjectsV2Request { BucketName = Bucket }).S3Objects)
        {
            await client.DeleteObjectAsync(Bucket, found.Key);
        }

        await client.DeleteBucketAsync(Bucket);
    }

    private static AmazonS3Client Connect() => new(new AmazonS3Config { ServiceURL = Endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
}
