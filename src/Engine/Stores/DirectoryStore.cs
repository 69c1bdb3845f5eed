using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansSqlite.Stores;

/// <summary>
/// A store in a directory, for one machine: development, tests, and services that need no more. Any number of processes may
/// use it at once. An object is a file whose path is its key and whose bytes are those that S3 would hold.
/// </summary>
/// <remarks>
/// Each write makes a temporary file, flushes it, and renames it over the object's; a process killed at any point leaves the old
/// object or the new one. Lock files and temporary files lie in the folder <c>.orleans-sqlite</c>: leave it alone while a process
/// runs. On a file system that ignores case, keys that differ only in it are the same object.
/// </remarks>
public sealed class DirectoryStore : IObjectStore
{
    private const int ListBatch = 1000;
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromHours(1);

    private readonly string root;
    private readonly string own;
    private readonly string temp;
    private readonly TimeProvider time;
    private readonly Entropy entropy;
    private readonly DirectoryLocks locks;
    private readonly Lock preparing = new();
    private readonly DurableFolders folders;
    private bool prepared;

    /// <summary>Opens the store, and makes the directory if there is none.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="time">The clock. Default: the system's.</param>
    /// <param name="entropy">The source of names for temporary files. Default: the system's.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.Misconfigured"/> if there is no such directory and it cannot be made.</exception>
    public DirectoryStore(string path, TimeProvider? time = null, Entropy? entropy = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        own = Path.Combine(root, ObjectKey.ReservedFolder);
        temp = Path.Combine(own, "temp");
        this.time = time ?? TimeProvider.System;
        this.entropy = entropy ?? Entropy.System;
        Url = StoreUrl.OfPath(root);
        folders = new DurableFolders(root);
        locks = new DirectoryLocks(Path.Combine(own, "locks"), Url, this.time, this.entropy);
        try
        {
            DurableFolders.Create(root);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw StoreErrors.Misconfigured(Url, $"The directory cannot be made: {error.Message} Make it, or name another.", error);
        }
    }

    /// <inheritdoc/>
    public string Url { get; }

    /// <inheritdoc/>
    public ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        return RunAsync(key, () => Read(key, unless), cancellation);
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return RunAsync(key, () => ReadRange(key, offset, length), cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        using TempFile temp = await RunAsync(key, () => WriteTemp(content), cancellation).ConfigureAwait(false);
        await LockedAsync(key, () => Publish(temp, PathOf(key)), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
    {
        ObjectKey.Check(key);

        // The slow part, writing and flushing, comes before the lock; whoever then loses has only wasted its own time.
        using TempFile temp = await RunAsync(key, () => WriteTemp(content), cancellation).ConfigureAwait(false);
        return await LockedAsync(key, () => Swap(temp, PathOf(key), expected, content), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string key, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        await RunAsync(key, Prepare, cancellation).ConfigureAwait(false);
        await LockedAsync(key, () => Delete(PathOf(key)), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation)
    {
        ObjectKey.CheckPrefix(prefix);
        return InBatches(DirectoryListing.Objects(root, prefix), cancellation);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation)
    {
        ObjectKey.CheckFolder(prefix);
        return InBatches(DirectoryListing.Folders(root, prefix), cancellation);
    }

    /// <summary>Does nothing: no file stays open between calls.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string PathOf(string key) => Path.Combine(root, key);

    private ReadResult Read(string key, ETag? unless)
    {
        DateTimeOffset now = time.GetUtcNow();
        using SafeFileHandle? file = ObjectFile.Open(PathOf(key));
        if (file is null)
        {
            return ReadResult.Missing with { Now = now };
        }

        byte[] content = ObjectFile.ReadAll(file);
        var modified = new DateTimeOffset(File.GetLastWriteTimeUtc(file));
        ETag tag = ContentTag.Of(content);
        return unless == tag
            ? ReadResult.NotModified with { Modified = modified, Now = now }
            : new ReadResult(ReadAnswer.Found, content, tag, modified, now);
    }

    private ReadOnlyMemory<byte> ReadRange(string key, long offset, int length)
    {
        using SafeFileHandle file = ObjectFile.Open(PathOf(key)) ?? throw StoreErrors.Missing(Url, key);
        long size = RandomAccess.GetLength(file);
        if (size - offset < length)
        {
            throw StoreErrors.Truncated(Url, key, offset, length, size);
        }

        return ObjectFile.ReadRange(file, offset, length);
    }

    private SwapResult Swap(TempFile temp, string path, ETag? expected, ReadOnlyMemory<byte> content)
    {
        using (SafeFileHandle? current = ObjectFile.Open(path))
        {
            if (current is null && expected is not null)
            {
                return SwapResult.Gone;
            }

            if (current is not null && (expected is null || ContentTag.Of(ObjectFile.ReadAll(current)) != expected))
            {
                return SwapResult.Lost;
            }
        }

        Publish(temp, path);
        return SwapResult.Done(ContentTag.Of(content.Span));
    }

    private bool Publish(TempFile temp, string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        folders.Ensure(folder);
        File.Move(temp.Path, path, overwrite: true);
        temp.Moved();
        try
        {
            DirectorySync.Flush(folder);
        }
        catch (IOException error)
        {
            // Others see the object already, but it may not outlast a power cut: whatever the cause, the outcome is not known.
            throw new StoreException(
                StoreFailure.Unavailable, Url, null, $"The object was renamed into place, but the directory could not be flushed: {error.Message}.", error);
        }

        return true;
    }

    private static bool Delete(string path)
    {
        try
        {
            File.Delete(path);
            DirectorySync.Flush(Path.GetDirectoryName(path)!);
        }
        catch (Exception error) when (ObjectFile.IsMissing(error))
        {
            // Nothing was ever written to its folder.
        }

        return true;
    }

    private TempFile WriteTemp(ReadOnlyMemory<byte> content)
    {
        Prepare();
        var temp = new TempFile(Path.Combine(this.temp, $"{Environment.ProcessId}-{entropy.Next128():x32}"));
        try
        {
            using SafeFileHandle file = File.OpenHandle(temp.Path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
            RandomAccess.Write(file, content.Span, 0);
            RandomAccess.FlushToDisk(file);
            return temp;
        }
        catch
        {
            temp.Dispose();
            throw;
        }
    }

    /// <summary>Before the first write: the folder for locks and temporary files. Readers need none, and may lack the right to make it.</summary>
    private bool Prepare()
    {
        if (Volatile.Read(ref prepared))
        {
            return true;
        }

        lock (preparing)
        {
            Directory.CreateDirectory(temp);
            Directory.CreateDirectory(Path.Combine(own, "locks"));
            locks.Check();
            TempFile.Sweep(temp, time.GetUtcNow() - AbandonedAfter);
            Volatile.Write(ref prepared, true);
            return true;
        }
    }

    private async ValueTask<T> LockedAsync<T>(string key, Func<T> work, CancellationToken cancellation)
    {
        using IDisposable held = await TakeLockAsync(key, cancellation).ConfigureAwait(false);

        // From here on nothing is cancelled: a swap either did not begin or is seen through.
        return await RunAsync(key, work, CancellationToken.None).ConfigureAwait(false);
    }

    private async ValueTask<IDisposable> TakeLockAsync(string key, CancellationToken cancellation)
    {
        try
        {
            return await locks.TakeAsync(key, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not StoreException && DirectoryErrors.Map(error, Url, key) is { } mapped)
        {
            throw mapped;
        }
    }

    /// <summary>Runs file operations on a thread that may block, and words their failures.</summary>
    private async ValueTask<T> RunAsync<T>(string? key, Func<T> work, CancellationToken cancellation)
    {
        try
        {
            return await Task.Run(work, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is not StoreException && DirectoryErrors.Map(error, Url, key) is { } mapped)
        {
            throw mapped;
        }
    }

    private async IAsyncEnumerable<T> InBatches<T>(IEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using IEnumerator<T> rest = items.GetEnumerator();
        List<T> batch;
        do
        {
            batch = await RunAsync(null, () => Take(rest), cancellation).ConfigureAwait(false);
            foreach (T item in batch)
            {
                yield return item;
            }
        }
        while (batch.Count == ListBatch);
    }

    private static List<T> Take<T>(IEnumerator<T> items)
    {
        var batch = new List<T>();
        while (batch.Count < ListBatch && items.MoveNext())
        {
            batch.Add(items.Current);
        }

        return batch;
    }
}
