using Amazon.S3.Model;

namespace OrleansSqlite.Stores;

/// <summary>Reads the content of an answer.</summary>
internal static class S3Body
{
    /// <summary>All of it. Less than was announced is an <see cref="IOException"/>.</summary>
    public static async Task<byte[]> ReadAsync(GetObjectResponse response, CancellationToken cancellation)
    {
        Stream stream = response.ResponseStream;
        if (response.ContentLength is < 0 or > int.MaxValue)
        {
            throw new IOException($"The answer says that it has {response.ContentLength} bytes.");
        }

        byte[] content = GC.AllocateUninitializedArray<byte>((int)response.ContentLength);
        await stream.ReadExactlyAsync(content, cancellation).ConfigureAwait(false);

        // The SDK compares checksums when it comes to the end, so go there.
        byte[] beyond = new byte[1];
        return await stream.ReadAsync(beyond, cancellation).ConfigureAwait(false) == 0
            ? content
            : throw new IOException("The answer has more bytes than it says.");
    }
}
