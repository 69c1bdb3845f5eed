namespace OrleansSqlite.Stores;

/// <summary>The folders of a directory store, of which a power cut must not take away one that holds objects.</summary>
internal sealed class DurableFolders(string root)
{
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    /// <summary>Makes a directory and whatever is missing above it, durably.</summary>
    public static void Create(string directory)
    {
        string? parent = Path.GetDirectoryName(directory);
        if (Directory.Exists(directory) || parent is null)
        {
            return;
        }

        Create(parent);
        Directory.CreateDirectory(directory);
        DirectorySync.Flush(parent);
    }

    /// <summary>Sees to it that a folder is there and durable, as far as this process does not know so already.</summary>
    public void Ensure(string folder)
    {
        lock (known)
        {
            if (known.Contains(folder) && Directory.Exists(folder))
            {
                return;
            }
        }

        Create(folder);

        // Another process may have made it a moment ago and not flushed it yet, so being there is not enough.
        for (string inner = folder; inner.Length > root.Length;)
        {
            inner = Path.GetDirectoryName(inner)!;
            DirectorySync.Flush(inner);
        }

        lock (known)
        {
            known.Add(folder);
        }
    }
}
