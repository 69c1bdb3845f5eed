namespace OrleansSqlite.Stores;

/// <summary>Opens stores by their URL.</summary>
public static class ObjectStores
{
    /// <summary>
    /// Opens the store of a URL: <c>s3://bucket/prefix</c>, <c>file:path</c>, <c>memory:</c> or <c>memory:name</c>. For S3 the URL may
    /// carry settings: <c>s3://bucket/prefix?endpoint=http://127.0.0.1:9000&amp;region=us-east-1&amp;pathStyle=true&amp;sse=aws:kms&amp;kmsKey=…</c>
    /// No request is made yet: <see cref="StoreProbe"/> finds out whether the store is there and safe.
    /// </summary>
    /// <param name="url">The store.</param>
    /// <param name="time">The clock.</param>
    /// <param name="entropy">The source of random names and pauses.</param>
    /// <param name="s3">Settings for S3; what the URL says goes before them. Default: those of the environment.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.Misconfigured"/>: the URL is wrong, or the directory cannot be made.</exception>
    public static IObjectStore Open(string url, TimeProvider time, Entropy entropy, S3Options? s3 = null) => StoreUrl.Parse(url) switch
    {
        StoreUrl.Folder folder => new DirectoryStore(folder.Path, time, entropy),
        StoreUrl.S3 bucket => new S3Store(bucket.Bucket, bucket.Prefix, S3UrlParameters.Apply(s3 ?? new S3Options(), StoreUrl.Redact(url), bucket.Parameters), time),
        StoreUrl.Memory memory => new MemoryStore(time, memory.Name),
        _ => throw new ArgumentException("A form of URL without a store.", nameof(url)),
    };
}
