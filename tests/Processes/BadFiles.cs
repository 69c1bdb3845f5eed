using System.Text;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests;

/// <summary>Files that can't be imported, and places that can't be exported to: each says why, and nothing is lost or left behind.</summary>
public sealed class BadFiles : IAsyncLifetime
{
    /// <summary>For root, who may read everything: without the rights that say so.</summary>
    private static readonly string[] AsOrdinaryUser =
        Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] : [];

    private readonly TemporaryDirectory directory = new();
    private DatabaseEngine engine = null!;

    private string Source => directory.Below("source.db");

    public async Task InitializeAsync()
    {
        engine = await DatabaseEngine.OpenAsync(directory.StoreUrl);
        await engine.CreateAsync("kept");
        await engine.Open("kept").ExecuteAsync("CREATE TABLE t AS SELECT 'kept' AS v");
        await using var connection = new SqliteConnection($"Data Source={Source};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = """
            CREATE TABLE t(id INTEGER PRIMARY KEY, v);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, randomblob(200) FROM n;
            """;
        await command.ExecuteNonQueryAsync();
    }

    public async Task DisposeAsync()
    {
        await engine.DisposeAsync();
        directory.Delete();
    }

    public static TheoryData<string> BadContents => ["text", "a line", "noise", "only the magic", "half", "a page too few", "twenty bytes", "a torn page", "a wrong page"];

    [Theory]
    [MemberData(nameof(BadContents))]
    public async Task What_is_no_sound_database_is_refused(string what)
    {
        byte[] good = await File.ReadAllBytesAsync(Source);
        byte[] bad = what switch
        {
            "text" => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("id,name\n1,one\n", 1000))),
            "a line" => "no database"u8.ToArray(),
            "noise" => Noise(8192),
            "only the magic" => [.. "SQLite format 3\0"u8, .. Noise(8000)],
            "half" => good[..(good.Length / 2)],
            "a page too few" => good[..^4096],
            "twenty bytes" => good[..20],
            "a torn page" => good[..^100],
            _ => [.. good[..(20 * 4096)], .. Noise(4096), .. good[(21 * 4096)..]],
        };
        await File.WriteAllBytesAsync(Source, bad);
        await AssertRefusedAsync(Source);
        Assert.Equal(bad, await File.ReadAllBytesAsync(Source));
    }

    [Fact]
    public Task A_directory_is_refused() => AssertRefusedAsync(Directory.CreateDirectory(directory.Below("folder")).FullName, "it is a directory");

    [Fact]
    public Task A_missing_file_is_refused() => AssertRefusedAsync(directory.Below("missing"), "there is no such file");

    [Fact]
    public async Task A_file_that_may_not_be_read_is_refused()
    {
        File.SetUnixFileMode(Source, UnixFileMode.None);
        using var worker = WorkerProcess.StartIn(AsOrdinaryUser, null, "import", "--store", directory.StoreUrl, "--db", "app", "--file", Source);
        Refused.As(ErrorKind.Invalid, ErrorCodes.BadFile, Source, await worker.FailAsync());
        await AssertNothingCreatedAsync();
    }

    [Fact]
    public async Task An_existing_database_is_replaced_only_if_that_is_asked_for()
    {
        var error = await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.DatabaseExists, "'kept'", () => engine.ImportAsync("kept", Source));
        Assert.Equal("kept", error.Database);
        await AssertKeptAsync();

        await engine.ImportAsync("kept", Source, replace: true);
        Assert.Equal(3000, (await engine.Open("kept").ScalarAsync("SELECT count(*) FROM t")).AsInteger());
    }

    [Fact]
    public async Task A_refused_file_does_not_replace_what_is_there()
    {
        await File.WriteAllTextAsync(Source, "no database");
        await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.BadFile, Source, () => engine.ImportAsync("kept", Source, replace: true));
        await AssertKeptAsync();
    }

    [Fact]
    public async Task A_full_disk_for_temporary_files_is_said_and_leaves_nothing()
    {
        using var disk = new SmallDisk(directory.Below("temporary"), leftKibibytes: 256);
        using var worker = disk.Start(
            new() { ["TMPDIR"] = disk.Path }, "import", "--store", directory.StoreUrl, "--db", "app", "--file", Source);
        Refused.As(ErrorKind.Invalid, ErrorCodes.BadFile, Source, await worker.FailAsync());
        Assert.Empty(Directory.GetDirectories(disk.Path, "orleans-sqlite-*"));
        await AssertNothingCreatedAsync();
    }

    [Fact]
    public async Task An_export_does_not_replace_a_file_unasked()
    {
        byte[] before = await File.ReadAllBytesAsync(Source);
        await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.BadFile, Source, () => engine.ExportAsync("kept", Source));
        Assert.Equal(before, await File.ReadAllBytesAsync(Source));

        await engine.ExportAsync("kept", Source, overwrite: true);
        Assert.NotEqual(before, await File.ReadAllBytesAsync(Source));
    }

    [Fact]
    public async Task An_export_needs_a_place()
    {
        string folder = Directory.CreateDirectory(directory.Below("folder")).FullName;
        await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.BadFile, folder, () => engine.ExportAsync("kept", folder, overwrite: true));
        string nowhere = directory.Below("no/such/folder/out.db");
        await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.BadFile, nowhere, () => engine.ExportAsync("kept", nowhere));
        string below = Path.Combine(Source, "out.db");
        await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.BadFile, below, () => engine.ExportAsync("kept", below));
        await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.DatabaseNotFound, "'other'", () => engine.ExportAsync("other", directory.Below("out.db")));
        Assert.False(File.Exists(directory.Below("out.db")));
    }

    [Fact]
    public async Task An_export_to_a_directory_that_may_not_be_written_to_is_refused()
    {
        string folder = Directory.CreateDirectory(directory.Below("folder")).FullName;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string target = Path.Combine(folder, "out.db");
        using var worker = WorkerProcess.StartIn(AsOrdinaryUser, null, "export", "--store", directory.StoreUrl, "--db", "kept", "--file", target);
        Refused.As(ErrorKind.Invalid, ErrorCodes.BadFile, target, await worker.FailAsync());
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public async Task An_export_to_a_full_disk_leaves_nothing_new_and_harms_nothing_old()
    {
        await engine.ImportAsync("app", Source);
        using var disk = new SmallDisk(directory.Below("small"), leftKibibytes: 256);
        string target = Path.Combine(disk.Path, "out.db");
        await File.WriteAllTextAsync(target, "what was there");
        using var worker = disk.Start([], "export", "--store", directory.StoreUrl, "--db", "app", "--file", target, "--overwrite", "yes");
        Refused.As(ErrorKind.Invalid, ErrorCodes.BadFile, target, await worker.FailAsync());
        Assert.Equal("what was there", await File.ReadAllTextAsync(target));
        Assert.Empty(Directory.GetFiles(disk.Path, "*.part"));
        await engine.ExportAsync("app", directory.Below("elsewhere.db"));
        Assert.Equal(await File.ReadAllBytesAsync(Source), await File.ReadAllBytesAsync(directory.Below("elsewhere.db")));
    }

    private static byte[] Noise(int length)
    {
        byte[] noise = new byte[length];
        new Random(1).NextBytes(noise);
        return noise;
    }

    private async Task AssertRefusedAsync(string file, string why = "")
    {
        await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.BadFile, $"'{file}' can't be imported: {why}", () => engine.ImportAsync("app", file));
        await AssertNothingCreatedAsync();
    }

    private async Task AssertNothingCreatedAsync()
    {
        await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.DatabaseNotFound, "'app'", () => engine.Open("app").DescribeAsync());
        Assert.False(Directory.Exists(Path.Combine(directory.StorePath, "app")));
    }

    private async Task AssertKeptAsync() => Assert.Equal("kept", (await engine.Open("kept").ScalarAsync("SELECT v FROM t")).AsText());
}
