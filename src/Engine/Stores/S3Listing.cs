using System.Runtime.CompilerServices;
using Amazon.S3.Model;

namespace OrleansSqlite.Stores;

/// <summary>
/// Lists a bucket, page by page. The directory buckets of S3 Express are peculiar: they list in no order, and only by whole
/// folders; so their listings are read to the end, filtered and sorted here.
/// </summary>
internal sealed class S3Listing(string bucket, string root, Func<ListObjectsV2Request, CancellationToken, ValueTask<ListObjectsV2Response>> send)
{
    private readonly bool isDirectoryBucket = bucket.EndsWith("--x-s3", StringComparison.Ordinal);

    public IAsyncEnumerable<ObjectInfo> ObjectsAsync(string prefix, CancellationToken cancellation)
    {
        if (!isDirectoryBucket)
        {
            return ReadObjectsAsync(prefix, cancellation);
        }

        string folder = prefix[..(prefix.LastIndexOf('/') + 1)];
        IAsyncEnumerable<ObjectInfo> found = ReadObjectsAsync(folder, cancellation);
        return found.Where(info => info.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(info => info.Key, StringComparer.Ordinal);
    }

    public IAsyncEnumerable<string> FoldersAsync(string prefix, CancellationToken cancellation)
    {
        IAsyncEnumerable<string> folders = ReadFoldersAsync(prefix, cancellation);
        return isDirectoryBucket ? folders.OrderBy(folder => $"{folder}/", StringComparer.Ordinal) : folders;
    }

    private async IAsyncEnumerable<ObjectInfo> ReadObjectsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (ListObjectsV2Response page in PagesAsync(prefix, delimiter: null, cancellation).ConfigureAwait(false))
        {
            foreach (S3Object found in page.S3Objects ?? [])
            {
                DateTime modified = found.LastModified ?? default;
                yield return new ObjectInfo(found.Key[root.Length..], found.Size ?? 0, new DateTimeOffset(modified.ToUniversalTime()));
            }
        }
    }

    private async IAsyncEnumerable<string> ReadFoldersAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (ListObjectsV2Response page in PagesAsync(prefix, "/", cancellation).ConfigureAwait(false))
        {
            foreach (string folder in page.CommonPrefixes ?? [])
            {
                yield return folder[(root.Length + prefix.Length)..].TrimEnd('/');
            }
        }
    }

    private async IAsyncEnumerable<ListObjectsV2Response> PagesAsync(string prefix, string? delimiter, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListObjectsV2Request { BucketName = bucket, Prefix = root + prefix, Delimiter = delimiter };
        do
        {
            ListObjectsV2Response page = await send(request, cancellation).ConfigureAwait(false);
            yield return page;
            request.ContinuationToken = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (request.ContinuationToken is not null);
    }
}
