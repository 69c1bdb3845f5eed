namespace OrleansSqlite.Cli;

/// <summary>Where the databases lie, if the caller does not say.</summary>
internal static class StoreLocation
{
    public const string Variable = "ORLEANSSQLITE_STORE";

    /// <summary>The store's URL: the option, else the environment, else the user's own directory, which is made.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadStore"/> if there is no place for it.</exception>
    public static string Url(string? option)
    {
        var named = string.IsNullOrEmpty(option) ? Environment.GetEnvironmentVariable(Variable) : option;
        if (!string.IsNullOrEmpty(named))
        {
            return IsUrl(named) ? named : UrlOf(named);
        }

        var directory = DefaultDirectory();
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException(
                ErrorKind.Invalid, ErrorCodes.BadStore, $"The directory {directory} for the databases cannot be made: {error.Message}", error);
        }

        return UrlOf(directory);
    }

    /// <summary>The folder for what this program keeps for the user.</summary>
    public static string DataFolder()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return Path.Combine(home.Length > 0 ? home : Path.GetTempPath(), "orleans-sqlite");
    }

    public static string DefaultDirectory() => Path.Combine(DataFolder(), "store");

    // One letter before the colon is a drive.
    private static bool IsUrl(string text) => text.IndexOf(':', StringComparison.Ordinal) > 1;

    private static string UrlOf(string path) => new Uri(Path.GetFullPath(path)).AbsoluteUri;
}
