namespace OrleansSqlite.Tests;

/// <summary>A SQLite file of 100 MB, made once for the tests that share it. Its rows compress to about half.</summary>
public sealed class LargeFile : IAsyncLifetime, IDisposable
{
    /// <summary>How many rows its table <c>t(id, k, v)</c> has.</summary>
    public const int Rows = 98_000;

    private readonly TemporaryDirectory directory = new();

    /// <summary>The file.</summary>
    public string Path => directory.Below("large.db");

    public async Task InitializeAsync()
    {
        if (Sqlite3.WhyNot is null)
        {
            await Sqlite3.RunAsync(
                Path,
                $"""
                PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
                CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER, v TEXT);
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Rows})
                  INSERT INTO t SELECT i, i * 7919 % {Rows}, hex(randomblob(500)) FROM n;
                CREATE INDEX t_k ON t(k);
                """);
            Assert.InRange(new FileInfo(Path).Length, 100_000_000, 110_000_000);
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => directory.Delete();
}
