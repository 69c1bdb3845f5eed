namespace OrleansSqlite.Stores;

/// <summary>
/// Lists a directory tree in the order of keys. That is the order of the whole key's characters, in which a folder stands
/// where its name with the slash would: <c>a-b</c>, <c>a.b</c>, then what is in <c>a/</c>, then <c>a0</c>.
/// </summary>
internal static class DirectoryListing
{
    /// <summary>The objects whose key starts with the prefix.</summary>
    public static IEnumerable<ObjectInfo> Objects(string root, string prefix)
    {
        int slash = prefix.LastIndexOf('/') + 1;
        return Walk(new DirectoryInfo(Path.Combine(root, prefix[..slash])), prefix[..slash], prefix[slash..]);
    }

    /// <summary>The names of the folders below the prefix that hold an object, directly or deeper.</summary>
    public static IEnumerable<string> Folders(string root, string prefix) =>
        from entry in Entries(new DirectoryInfo(Path.Combine(root, prefix)), prefix, "")
        where entry.Info is DirectoryInfo folder && Walk(folder, entry.Key, "").Any()
        select entry.Info.Name;

    private static IEnumerable<ObjectInfo> Walk(DirectoryInfo directory, string path, string start)
    {
        foreach ((string key, FileSystemInfo info) in Entries(directory, path, start))
        {
            if (info is DirectoryInfo folder)
            {
                foreach (ObjectInfo below in Walk(folder, key, ""))
                {
                    yield return below;
                }
            }
            else if (Describe(key, (FileInfo)info) is { } found)
            {
                yield return found;
            }
        }
    }

    private static List<(string Key, FileSystemInfo Info)> Entries(DirectoryInfo directory, string path, string start)
    {
        var entries = new List<(string Key, FileSystemInfo Info)>();
        try
        {
            foreach (FileSystemInfo info in directory.EnumerateFileSystemInfos())
            {
                // Files that somebody else put there are no objects. A link to a directory could lead in a circle.
                bool isFolder = info is DirectoryInfo;
                if (!info.Name.StartsWith(start, StringComparison.Ordinal)
                    || ObjectKey.Problem(path + info.Name, isPrefix: false) is not null
                    || (isFolder && info.LinkTarget is not null))
                {
                    continue;
                }

                entries.Add((isFolder ? $"{path}{info.Name}/" : path + info.Name, info));
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was ever written there.
        }

        entries.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return entries;
    }

    private static ObjectInfo? Describe(string key, FileInfo file)
    {
        try
        {
            return new ObjectInfo(key, file.Length, new DateTimeOffset(file.LastWriteTimeUtc));
        }
        catch (FileNotFoundException)
        {
            // Deleted since the directory was read.
            return null;
        }
    }
}
