using System.Security.Cryptography;
using System.Text;
using OrleansSqlite.Format;

namespace OrleansSqlite.Pages;

/// <summary>
/// Stored bytes of segments on this machine's disk, shared by all processes that name the same folder. Each block is a file, written under another
/// name and renamed, so that it is whole or not there; what is read passes the same checksum as what comes from the store. So a file may be damaged or
/// deleted at any moment, and every error of the disk is a miss. Segments never change, so nothing here is ever out of date.
/// </summary>
internal sealed class DiskCache
{
    /// <summary>A file takes whole blocks of the file system, and room in its folder.</summary>
    private const int FileUnitBytes = 4096;

    /// <summary>A file's time is set anew when it is used and this old: an approximation that spares most of the writes.</summary>
    private static readonly TimeSpan TouchAge = TimeSpan.FromMinutes(10);

    private readonly string folder;
    private readonly long limit;
    private readonly TimeProvider time;
    private readonly Entropy entropy;
    private long bytes;
    private long sinceSweep;
    private int sweeping;

    /// <summary>Opens the cache; the folder is made if need be.</summary>
    /// <param name="path">The folder for the caches of all stores.</param>
    /// <param name="limitBytes">How much this store's may take.</param>
    /// <param name="storeUrl">The store: each has a folder of its own.</param>
    /// <param name="time">The clock.</param>
    /// <param name="entropy">For the names of temporary files.</param>
    /// <exception cref="DatabaseException">The folder can't be made.</exception>
    public DiskCache(string path, long limitBytes, string storeUrl, TimeProvider time, Entropy entropy)
    {
        limit = limitBytes;
        this.time = time;
        this.entropy = entropy;
        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(storeUrl)).AsSpan(0, 8));
        folder = Path.Combine(Path.GetFullPath(path), name);
        try
        {
            MakeFolder(folder);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw new DatabaseException(ErrorKind.Invalid, ErrorCodes.BadArgument, $"The folder '{path}' for the disk cache can't be made: {e.Message}", e);
        }

        // What is there counts from the beginning.
        sinceSweep = limit;
    }

    /// <summary>The bytes of a part of a segment, if they are here and as many as there should be. The caller checks them.</summary>
    public byte[]? Find(SegmentId id, int part, int length)
    {
        string file = FileOf(id, part);
        try
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (RandomAccess.GetLength(handle) != length)
            {
                return null;
            }

            byte[] found = GC.AllocateUninitializedArray<byte>(length);
            if (RandomAccess.Read(handle, found, 0) != length)
            {
                return null;
            }

            var now = time.GetUtcNow().UtcDateTime;
            if (now - File.GetLastWriteTimeUtc(handle) > TouchAge)
            {
                File.SetLastWriteTimeUtc(file, now);
            }

            return found;
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            return null;
        }
    }

    /// <summary>Keeps the bytes of a part of a segment, if the disk lets it.</summary>
    public void Keep(SegmentId id, int part, ReadOnlySpan<byte> content)
    {
        string file = FileOf(id, part);
        string temp = $"{file}.{entropy.NextGuid():N}.tmp";
        try
        {
            Write(temp, file, content);
        }
        catch (DirectoryNotFoundException)
        {
            // The first one in its folder, or somebody has emptied the cache.
            try
            {
                MakeFolder(Path.GetDirectoryName(file)!);
                Write(temp, file, content);
            }
            catch (Exception e) when (IsOfDisk(e))
            {
                return;
            }
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            Delete(temp);
            return;
        }

        Count(Occupied(content.Length));
    }

    /// <summary>Forgets a part: it is damaged.</summary>
    public void Drop(SegmentId id, int part) => Delete(FileOf(id, part));

    private void Write(string temp, string file, ReadOnlySpan<byte> content)
    {
        using (var handle = File.OpenHandle(temp, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            RandomAccess.Write(handle, content, 0);
        }

        File.SetLastWriteTimeUtc(temp, time.GetUtcNow().UtcDateTime);
        File.Move(temp, file, overwrite: true);
    }

    private void Count(long added)
    {
        // Others write here too: so now and then all is counted anew.
        bool isFull = Interlocked.Add(ref bytes, added) > limit;
        if ((Interlocked.Add(ref sinceSweep, added) >= limit / 16 || isFull) && Interlocked.Exchange(ref sweeping, 1) == 0)
        {
            try
            {
                Sweep();
            }
            catch (Exception e) when (IsOfDisk(e))
            {
                // Another process sweeps at the same time; or the disk is ill, and this cache with it.
            }
            finally
            {
                Volatile.Write(ref sweeping, 0);
            }
        }
    }

    /// <summary>Counts what is here, and deletes what was used longest ago if that is too much: down to seven eighths, so that it is not done for each block.</summary>
    private void Sweep()
    {
        Interlocked.Exchange(ref sinceSweep, 0);
        var files = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).ToList();
        long total = files.Sum(file => Occupied(file.Length));
        if (total > limit - (limit / 16))
        {
            files.Sort(static (one, other) => one.LastWriteTimeUtc.CompareTo(other.LastWriteTimeUtc));
            foreach (var file in files)
            {
                if (total <= limit - (limit / 8))
                {
                    break;
                }

                Delete(file.FullName);
                total -= Occupied(file.Length);
            }
        }

        Interlocked.Exchange(ref bytes, total);
    }

    // 256 folders of blocks: no file system likes a million names in one.
    private string FileOf(SegmentId id, int part)
    {
        string name = id.ToString();
        return Path.Combine(folder, name[..2], part switch
        {
            Flights.Whole => name,
            Flights.Index => $"{name}.index",
            _ => $"{name}.{part}",
        });
    }

    private static long Occupied(long length) => (length + FileUnitBytes - 1) / FileUnitBytes * FileUnitBytes;

    private static void Delete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            // It is used at this moment (where that matters), or gone with its folder.
        }
    }

    private static void MakeFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            // Who may not read the store must not read its copy.
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static bool IsOfDisk(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException;
}
