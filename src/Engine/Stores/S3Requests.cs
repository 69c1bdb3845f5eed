using System.Runtime.InteropServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace OrleansSqlite.Stores;

/// <summary>
/// Makes the SDK's requests for one bucket, prefix and way of encryption. They must be of the SDK's own types: a subclass's name
/// is not found when the endpoint is resolved, and the bucket would be missing from the address.
/// </summary>
internal sealed class S3Requests(string bucket, string root, S3Encryption encryption, S3Options options)
{
    /// <summary>The most objects that one request deletes, by S3's own rule.</summary>
    public const int MaxDeletes = 1000;

    public GetObjectRequest Get(string key, ETag? unless) => new()
    {
        BucketName = bucket,
        Key = root + key,
        EtagToNotMatch = unless is { } tag ? TagForm.Quote(tag) : null,
    };

    public GetObjectRequest GetRange(string key, long offset, int length) => new()
    {
        BucketName = bucket,
        Key = root + key,
        ByteRange = new ByteRange(offset, offset + length - 1),
    };

    public PutObjectRequest Put(string key, ReadOnlyMemory<byte> content) => new()
    {
        BucketName = bucket,
        Key = root + key,
        InputStream = Stream(content),
        ContentType = "application/octet-stream",
        // Signed as a whole: one pass over bytes that are in memory anyway, instead of the SDK's signed chunks of 64 KiB.
        UseChunkEncoding = false,
        ServerSideEncryptionMethod = encryption switch
        {
            S3Encryption.Aes256 => ServerSideEncryptionMethod.AES256,
            S3Encryption.Kms => ServerSideEncryptionMethod.AWSKMS,
            _ => null,
        },
        ServerSideEncryptionKeyManagementServiceKeyId = options.KmsKey,
        BucketKeyEnabled = options.BucketKey,
    };

    /// <summary>The answer names only those that could not be deleted; then the SDK throws.</summary>
    public DeleteObjectsRequest Delete(IEnumerable<string> keys) => new()
    {
        BucketName = bucket,
        Objects = [.. keys.Select(key => new KeyVersion { Key = root + key })],
        Quiet = true,
    };

    private static MemoryStream Stream(ReadOnlyMemory<byte> content) => MemoryMarshal.TryGetArray(content, out ArraySegment<byte> array)
        ? new MemoryStream(array.Array ?? [], array.Offset, array.Count, writable: false)
        : new MemoryStream(content.ToArray(), writable: false);
}
