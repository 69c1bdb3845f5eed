using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace OrleansSqlite.Transfer;

/// <summary>The pages of the copy that is imported. Any number of threads may read at once.</summary>
internal sealed class SourcePages : IDisposable
{
    /// <summary>Small enough for memory that is free again in no time: chunks of a megabyte would pile up.</summary>
    private const int ReadBytes = 64 << 10;
    private readonly SafeFileHandle file;

    public SourcePages(string path)
    {
        file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
        Bytes = RandomAccess.GetLength(file);
        if (Bytes > 0)
        {
            Span<byte> header = stackalloc byte[18];
            Fill(header, 0);
            int stored = BinaryPrimitives.ReadUInt16BigEndian(header[16..]);
            PageBytes = stored == 1 ? 65536 : stored;
            PageCount = (uint)(Bytes / PageBytes);
        }
    }

    /// <summary>The size of the file.</summary>
    public long Bytes { get; }

    /// <summary>The size of a page; 0 if the file is empty.</summary>
    public int PageBytes { get; }

    /// <summary>How many pages it has.</summary>
    public uint PageCount { get; }

    /// <summary>Goes over some pages, in order.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many.</param>
    /// <param name="visit">Called with each page's number and image.</param>
    public void Visit(uint first, uint count, Action<uint, ReadOnlySpan<byte>> visit)
    {
        byte[] chunk = GC.AllocateUninitializedArray<byte>((int)Math.Min(Math.Max(ReadBytes, PageBytes), (long)count * PageBytes));
        uint perChunk = (uint)(chunk.Length / PageBytes);
        for (uint done = 0; done < count; done += perChunk)
        {
            var part = chunk.AsSpan(0, (int)Math.Min(perChunk, count - done) * PageBytes);
            Fill(part, (long)(first - 1 + done) * PageBytes);
            for (int i = 0; i * PageBytes < part.Length; i++)
            {
                visit(first + done + (uint)i, part.Slice(i * PageBytes, PageBytes));
            }
        }
    }

    /// <summary>Reads a page. Nothing if there is none of that number.</summary>
    public ReadOnlySpan<byte> Read(uint page)
    {
        if (page == 0 || page > PageCount)
        {
            return [];
        }

        byte[] image = new byte[PageBytes];
        Fill(image, (long)(page - 1) * PageBytes);
        return image;
    }

    public void Dispose() => file.Dispose();

    private void Fill(Span<byte> to, long offset)
    {
        while (to.Length > 0)
        {
            int read = RandomAccess.Read(file, to, offset);
            if (read == 0)
            {
                throw new EndOfStreamException("The copy of the file was cut.");
            }

            to = to[read..];
            offset += read;
        }
    }
}
