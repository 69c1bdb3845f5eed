using System.Runtime.InteropServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace OrleansSqlite.Stores;

/// <summary>Makes the SDK's requests for one bucket, prefix and way of encryption.</summary>
internal sealed class S3Requests(string bucket, string root, S3Encryption encryption, S3Options options)
{
    public DatedGet Get(string key, ETag? unless) => new()
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

    public ListObjectsV2Request List(string prefix, string? delimiter) => new()
    {
        BucketName = bucket,
        Prefix = root + prefix,
        Delimiter = delimiter,
    };

    public PutObjectRequest Put(string key, ReadOnlyMemory<byte> content) => new Upload(content)
    {
        BucketName = bucket,
        Key = root + key,
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

    /// <summary>An upload from memory.</summary>
    private sealed class Upload : PutObjectRequest
    {
        // Asking for leave to send (100 Continue) costs a round trip. It pays only where much would be sent in vain.
        private const int WorthAsking = 1 << 20;

        private readonly bool _ask;

        public Upload(ReadOnlyMemory<byte> content)
        {
            _ask = content.Length >= WorthAsking;
            InputStream = MemoryMarshal.TryGetArray(content, out ArraySegment<byte> array)
                ? new MemoryStream(array.Array ?? [], array.Offset, array.Count, writable: false)
                : new MemoryStream(content.ToArray(), writable: false);
        }

        protected override bool Expect100Continue => _ask;
    }
}

/// <summary>A read that also notes the store's clock: the SDK's answers leave out the Date header.</summary>
internal sealed class DatedGet : GetObjectRequest
{
    public DateTimeOffset? Date { get; private set; }

    public static void TakeDate(object sender, ResponseEventArgs response)
    {
        if (response is WebServiceResponseEventArgs { Request: DatedGet get, ResponseHeaders: { } headers }
            && headers.TryGetValue("Date", out string? date)
            && DateTimeOffset.TryParse(date, null, System.Globalization.DateTimeStyles.AssumeUniversal, out DateTimeOffset now))
        {
            get.Date = now;
        }
    }
}
