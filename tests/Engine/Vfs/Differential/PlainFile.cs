using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>
/// An ordinary SQLite file with a connection to it. A file, since one in memory can't change its page size: R-trees and the order
/// of what they give depend on that, and so do the counts of pages.
/// </summary>
internal sealed class PlainFile : IDisposable
{
    public PlainFile()
    {
        Connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        Connection.Open();
        Connection.Run("PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY");
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"{Guid.NewGuid():N}.sqlite");

    public SqliteConnection Connection { get; }

    /// <summary>Closes the connection; the file stays until it is disposed of.</summary>
    public void Close() => Connection.Dispose();

    public void Dispose()
    {
        Close();
        File.Delete(Path);
    }
}
