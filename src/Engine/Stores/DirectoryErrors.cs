namespace OrleansSqlite.Stores;

/// <summary>What the operating system's errors mean for a store. On Unix the runtime hands the error's number on as HResult.</summary>
internal static class DirectoryErrors
{
    private const int WindowsError = unchecked((int)0x80070000);

    /// <summary>The store's error for a failure of a file operation, or null if it is none (then it is a bug, and passes as it is).</summary>
    public static StoreException? Map(Exception error, string store, string? key) => error switch
    {
        StoreException known => known,
        UnauthorizedAccessException => Denied(error, store, key),
        IOException when IsReadOnly(error) => Denied(error, store, key),
        IOException when IsFull(error) => new StoreException(
            StoreFailure.Full, store, key, "The disk is full, or a quota or limit on sizes is reached. Make room; nothing that was stored is affected.", error),
        // The runtime has no exception of its own for a file above the process's limit on sizes.
        ArgumentOutOfRangeException { ParamName: "value" } => new StoreException(
            StoreFailure.Full, store, key, "The file would be larger than this process or file system may write.", error),
        IOException => new StoreException(StoreFailure.Unavailable, store, key, $"The file system failed: {error.Message}", error),
        _ => null,
    };

    /// <summary>Whether somebody else has the file locked.</summary>
    public static bool IsLocked(IOException error) => OperatingSystem.IsWindows()
        ? error.HResult is WindowsError + 32 or WindowsError + 33
        : error.HResult == (OperatingSystem.IsLinux() ? 11 : 35);

    private static bool IsFull(Exception error) => OperatingSystem.IsWindows()
        ? error.HResult is WindowsError + 39 or WindowsError + 112
        : error.HResult is 27 or 28 || error.HResult == (OperatingSystem.IsLinux() ? 122 : 69);

    private static bool IsReadOnly(Exception error) => OperatingSystem.IsWindows()
        ? error.HResult is WindowsError + 19
        : error.HResult is 30;

    private static StoreException Denied(Exception error, string store, string? key) => new(
        StoreFailure.Denied, store, key,
        $"The file system refused access: {error.Message} Give this process's user the right to read and write the directory.", error);
}
