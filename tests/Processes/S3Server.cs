using Amazon.S3;
using Amazon.S3.Model;

namespace OrleansSqlite.Tests;

/// <summary>A test that needs an S3 server.</summary>
public sealed class S3FactAttribute : FactAttribute
{
    public S3FactAttribute() => Skip = S3Server.WhyNot;
}

/// <summary>The S3 server that the environment names.</summary>
internal static class S3Server
{
    /// <summary>Its address.</summary>
    public static string? Endpoint => Environment.GetEnvironmentVariable("OSQL_S3_ENDPOINT") is { Length: > 0 } endpoint ? endpoint : null;

    /// <summary>Why tests that need a server cannot run, or null.</summary>
    public static string? WhyNot { get; } = Endpoint is null ? "Needs an S3 server: eval \"$(tests/s3-server start)\"" : null;

    /// <summary>Runs a test on a store in a bucket of its own, given by its URL.</summary>
    public static async Task WithStoreAsync(Func<string, Task> test)
    {
        using var client = new AmazonS3Client(new AmazonS3Config { ServiceURL = Endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        string bucket = $"osql-processes-{Entropy.System.NextGuid():n}";
        await client.PutBucketAsync(bucket);
        try
        {
            await test($"s3://{bucket}/deep/down?endpoint={Uri.EscapeDataString(Endpoint!)}");
        }
        finally
        {
            await foreach (S3Object found in client.Paginators.ListObjectsV2(new ListObjectsV2Request { BucketName = bucket }).S3Objects)
            {
                await client.DeleteObjectAsync(bucket, found.Key);
            }

            await client.DeleteBucketAsync(bucket);
        }
    }
}
