using System.Text;

namespace OrleansSqlite.Cli;

/// <summary>Opens files that the user named.</summary>
internal static class Files
{
    /// <exception cref="UsageException">It cannot be read.</exception>
    public static StreamReader OpenText(string path)
    {
        try
        {
            return new StreamReader(path, Encoding.UTF8);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UsageException($"The file {path} cannot be read: {error.Message}", "Check the path; it is relative to where the program was started.");
        }
    }
}
