namespace OrleansSqlite.Stores;

/// <summary>
/// The locks of a directory store, which put the writers of a key in line: those of this process by a semaphore, those of
/// others by the lock of a file, which the operating system lets go when its holder dies.
/// </summary>
/// <remarks>
/// There is a fixed number of lock files, a key's being chosen by its digest, and none is ever deleted. So nobody can hold
/// the lock of a file that somebody else has meanwhile replaced, and there is nothing to clean up. Two keys that share one
/// wait for each other for the length of a rename.
/// </remarks>
internal sealed class DirectoryLocks(string folder, string store, TimeProvider time, Entropy entropy)
{
    private const int Count = 256;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(10);

    private readonly SemaphoreSlim[] turns = [.. Enumerable.Range(0, Count).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>How long a holder is waited for. Nobody holds a lock for longer than a rename, unless it was stopped or its disk hangs.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Refuses a file system on which locks do nothing (some network shares; the runtime passes over that in silence).</summary>
    public void Check()
    {
        string path = Path.Combine(folder, "check");
        try
        {
            using FileStream first = Open(path);
            using FileStream second = Open(path);
        }
        catch (IOException error) when (DirectoryErrors.IsLocked(error))
        {
            return;
        }

        throw new StoreException(
            StoreFailure.Unsafe, store, null,
            "Files cannot be locked here, so writers could overwrite each other: use a local directory, or mount the share with locks "
            + "(and leave DOTNET_SYSTEM_IO_DISABLEFILELOCKING unset).");
    }

    /// <summary>Takes the lock of a key; it is let go by disposing of what is returned.</summary>
    public async ValueTask<IDisposable> TakeAsync(string key, CancellationToken cancellation)
    {
        int number = Number(key);
        string path = Path.Combine(folder, number.ToString("x2"));
        SemaphoreSlim turn = turns[number];
        if (!await WaitAsync(turn, cancellation).ConfigureAwait(false))
        {
            throw Held(key, path);
        }

        FileStream? file = null;
        try
        {
            file = await LockAsync(key, path, cancellation).ConfigureAwait(false);
            return new Lock(file, turn);
        }
        finally
        {
            if (file is null)
            {
                turn.Release();
            }
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);

    private static int Number(string key)
    {
        // FNV-1a: every process must come to the same number, which string.GetHashCode would not.
        uint hash = 2166136261;
        foreach (char c in key)
        {
            hash = unchecked((hash ^ c) * 16777619);
        }

        return (int)((hash ^ (hash >> 8) ^ (hash >> 16) ^ (hash >> 24)) % Count);
    }

    private async ValueTask<bool> WaitAsync(SemaphoreSlim turn, CancellationToken cancellation)
    {
        if (turn.Wait(0, CancellationToken.None))
        {
            return true;
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await turn.WaitAsync(either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private async ValueTask<FileStream> LockAsync(string key, string path, CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        for (TimeSpan pause = FirstPause; ; pause = TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks)))
        {
            try
            {
                return Open(path);
            }
            catch (IOException error) when (DirectoryErrors.IsLocked(error))
            {
                if (time.GetElapsedTime(start) > Patience)
                {
                    throw Held(key, path, error);
                }
            }

            await Task.Delay(entropy.Jitter(pause), time, cancellation).ConfigureAwait(false);
        }
    }

    private StoreException Held(string key, string path, Exception? inner = null) => new(
        StoreFailure.Unavailable, store, key,
        $"The lock file {path} has been held for {Patience.TotalSeconds:0} s: another process is stopped, or the disk hangs.", inner);

    private sealed class Lock(FileStream file, SemaphoreSlim turn) : IDisposable
    {
        public void Dispose()
        {
            file.Dispose();
            turn.Release();
        }
    }
}
