using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Transfer;

/// <summary>A file of some 60 MB with small pages: its table is five levels deep, as one of many gigabytes is with pages of the usual size.</summary>
public sealed class SourceDatabase : IDisposable
{
    /// <summary>How many rows its table <c>t(id, k, v)</c> has.</summary>
    public const int Rows = 110_000;

    private readonly string folder = Directory.CreateTempSubdirectory("orleans-sqlite-source-").FullName;

    public SourceDatabase()
    {
        using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            PRAGMA page_size = 512; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
            CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v TEXT);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Rows})
              INSERT INTO t SELECT i, i * 7919 % {Rows}, printf('row %d ', i) || hex(randomblob(180)) FROM n;
            CREATE INDEX t_k ON t(k);
            """;
        command.ExecuteNonQuery();
    }

    /// <summary>The file.</summary>
    public string Path => System.IO.Path.Combine(folder, "source.db");

    /// <summary>A file beside it.</summary>
    public string Beside(string name) => System.IO.Path.Combine(folder, name);

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
