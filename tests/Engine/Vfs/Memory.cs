using System.Runtime.InteropServices;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>Pages in native memory.</summary>
internal static unsafe class Memory
{
    /// <summary>A frame page; its one reference is the caller's.</summary>
    public static Block Frame(uint page, ReadOnlySpan<byte> image)
    {
        void* copy = NativeMemory.Alloc((nuint)image.Length);
        image.CopyTo(new Span<byte>(copy, image.Length));
        return Block.ForFrame(page, (nint)copy, image.Length);
    }

    /// <summary>The images of a resident block.</summary>
    public static ReadOnlySpan<byte> Of(Block block) => new(block.Image(0, 0), block.Bytes);
}
