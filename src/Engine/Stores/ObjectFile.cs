using Microsoft.Win32.SafeHandles;

namespace OrleansSqlite.Stores;

/// <summary>
/// Reads the files of a directory store. Such a file is replaced, never written to: one that is open is one whole object,
/// whatever happens to its name meanwhile.
/// </summary>
internal static class ObjectFile
{
    /// <summary>Opens a file, or gives null if there is none. Sharing everything also keeps the runtime from locking it.</summary>
    public static SafeFileHandle? Open(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception error) when (IsMissing(error))
        {
            return null;
        }
    }

    /// <summary>Whether a file operation failed as there is no such file or no folder for it.</summary>
    public static bool IsMissing(Exception error) => error is FileNotFoundException or DirectoryNotFoundException;

    /// <summary>The whole content.</summary>
    public static byte[] ReadAll(SafeFileHandle file)
    {
        long size = RandomAccess.GetLength(file);
        if (size > Array.MaxLength)
        {
            throw new IOException($"A file of {size} bytes is too large to be read at once.");
        }

        return ReadRange(file, 0, (int)size);
    }

    /// <summary>A range that is known to lie in the file.</summary>
    public static byte[] ReadRange(SafeFileHandle file, long offset, int length)
    {
        byte[] content = GC.AllocateUninitializedArray<byte>(length);
        for (Span<byte> rest = content; rest.Length > 0;)
        {
            int read = RandomAccess.Read(file, rest, offset);
            if (read == 0)
            {
                throw new EndOfStreamException("A file became shorter while it was read.");
            }

            rest = rest[read..];
            offset += read;
        }

        return content;
    }
}
