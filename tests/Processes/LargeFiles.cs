using System.Globalization;
using System.Security.Cryptography;

namespace OrleansSqlite.Tests;

/// <summary>A file of 100 MB: what goes in comes out, and the memory that it takes is bounded by the settings, not by its size.</summary>
[Trait("Category", "Sqlite3")]
public sealed class LargeFiles(LargeFile file) : IClassFixture<LargeFile>, IDisposable
{
    /// <summary>What import and export may take, the runtime included, in bytes.</summary>
    private const long TransferBytes = 300_000_000;

    /// <summary>What a scan may take besides its page cache, the runtime included, in bytes. Ranges that are read ahead, on their way and unpacked, are some 10 MB of it. (With all pages in memory it takes 40 MB more.)</summary>
    private const long ScanBytes = 120_000_000;

    /// <summary>Rows are garbage as soon as they are counted: collected every 4 MiB, so that what is measured is the pages.</summary>
    private static readonly Dictionary<string, string> SmallNursery = new() { ["DOTNET_GCgen0size"] = "400000" };

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Delete();

    [Sqlite3Fact]
    public async Task A_file_of_100_MB_comes_out_as_it_went_in() => await RoundTrip.RunAsync(directory, file.Path, new(
        "",
        [
            "SELECT count(*), sum(k), sum(length(v)) FROM t",
            "SELECT id, k, substr(v, 100, 50) FROM t WHERE k BETWEEN 500 AND 700 ORDER BY k",
            "SELECT count(*) FROM t WHERE v LIKE '%00AA%'",
        ],
        ["INSERT INTO t(k, v) SELECT -id, v FROM t WHERE id % 100 = 0", "UPDATE t SET v = 'short' WHERE id % 50 = 0", "DELETE FROM t WHERE id > 90000"]));

    [Sqlite3Fact]
    public async Task Import_export_and_a_scan_of_100_MB_take_bounded_memory()
    {
        string exported = directory.Below("exported.db");
        string[] database = ["--store", directory.StoreUrl, "--db", "app"];

        long import = Bytes(await WorkerProcess.RunAsync(["import", .. database, "--file", file.Path]));
        long export = Bytes(await WorkerProcess.RunAsync(["export", .. database, "--file", exported]));
        using var scanning = WorkerProcess.StartIn([], SmallNursery, ["scan", .. database, "--sql", "SELECT id, k, v FROM t", "--cache-mib", "32"]);
        string[] scan = (await scanning.SucceedAsync()).Split('\n');

        Assert.InRange(import, 1, TransferBytes);
        Assert.InRange(export, 1, TransferBytes);
        Assert.Equal($"{LargeFile.Rows}", scan[0]);
        Assert.InRange(Bytes(scan[1]), 1, (32 << 20) + ScanBytes);

        // Some 1,600 blocks of 64 KiB, read ahead in ranges; what is ahead is bounded by the small cache.
        Assert.InRange(Bytes(scan[2]), 30, 400);

        // Nothing has written to it, so even what SQLite leaves open is the same.
        Assert.Equal(Digest(file.Path), Digest(exported));
    }

    private static long Bytes(string printed) => long.Parse(printed, CultureInfo.InvariantCulture);

    private static string Digest(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(stream));
    }
}
