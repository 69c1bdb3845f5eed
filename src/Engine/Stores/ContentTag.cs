using System.Security.Cryptography;

namespace OrleansSqlite.Stores;

/// <summary>
/// The tags of the stores that make their own: a digest of the content. Like S3's, they say nothing about time:
/// identical bytes have identical tags, so what S3 would not forgive shows up here too.
/// </summary>
internal static class ContentTag
{
    /// <summary>Half of a SHA-256: 128 bits.</summary>
    public const int Bytes = 16;

    /// <summary>The tag of an object with this content.</summary>
    public static ETag Of(ReadOnlySpan<byte> content)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, digest);
        return new ETag(Convert.ToHexStringLower(digest[..Bytes]));
    }
}
