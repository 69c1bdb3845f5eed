namespace OrleansSqlite.Stores;

/// <summary>A file on its way to become an object. It is deleted unless it got there.</summary>
internal sealed class TempFile(string path) : IDisposable
{
    private bool moved;

    public string Path => path;

    /// <summary>Says that the file now has the object's name.</summary>
    public void Moved() => moved = true;

    public void Dispose()
    {
        if (!moved)
        {
            TryDelete(path);
        }
    }

    /// <summary>Deletes what killed processes left behind. Should an owner still be at work after all, its rename fails and it is told so.</summary>
    public static void Sweep(string folder, DateTimeOffset olderThan)
    {
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles())
        {
            if (file.LastWriteTimeUtc < olderThan.UtcDateTime)
            {
                TryDelete(file.FullName);
            }
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It takes room and harms nobody; a later sweep meets it again.
        }
    }
}
