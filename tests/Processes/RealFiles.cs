using System.Diagnostics;

namespace OrleansSqlite.Tests;

/// <summary>Files that the <c>sqlite3</c> program made go in, answer, and come out the same.</summary>
[Trait("Category", "Sqlite3")]
public sealed class RealFiles : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public static TheoryData<string> Names => [.. RealFile.All.Keys];

    private string Source => directory.Below("source.db");

    public void Dispose() => directory.Delete();

    [Sqlite3Theory]
    [MemberData(nameof(Names))]
    public async Task A_file_of_sqlite3_comes_out_as_it_went_in(string name)
    {
        await MakeAndRunAsync(RealFile.All[name]);
    }

    [Sqlite3Fact]
    public async Task An_empty_file_is_an_empty_database()
    {
        await File.WriteAllBytesAsync(Source, []);
        await RoundTrip.RunAsync(directory, Source, new("", ["SELECT count(*) FROM sqlite_schema"], ["CREATE TABLE t(x)", "INSERT INTO t VALUES (1)"]));
    }

    [Sqlite3Fact]
    public Task A_very_large_blob_comes_through() => MakeAndRunAsync(new(
        $"""
        CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB);
        INSERT INTO t VALUES (1, 'small'), (2, randomblob({64 << 20})), (3, zeroblob({64 << 20}));
        """,
        ["SELECT id, length(b), hex(substr(b, 1, 100)), hex(substr(b, -100)), hex(substr(b, 30000000, 100)) FROM t"],
        ["UPDATE t SET b = zeroblob(5000) WHERE id = 2", "INSERT INTO t(b) VALUES (zeroblob(3000000))"]));

    [Sqlite3Fact]
    public async Task A_WAL_that_a_crash_left_behind_is_folded_in()
    {
        string alive = directory.Below("alive.db");
        await Sqlite3.RunAsync(
            alive,
            $"""
            PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
            CREATE TABLE t(id INTEGER PRIMARY KEY, v);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO t SELECT i, randomblob(100) FROM n;
            PRAGMA wal_checkpoint;
            UPDATE t SET v = 'only in the WAL' WHERE id % 3 = 0;
            DELETE FROM t WHERE id > 4000;
            .shell cp '{alive}' '{Source}'
            .shell cp '{alive}-wal' '{Source}-wal'
            """);
        Assert.True(new FileInfo(Source + "-wal").Length > 100_000);
        await RoundTrip.RunAsync(
            directory, Source, new("", ["SELECT * FROM t ORDER BY id"], ["INSERT INTO t(v) VALUES ('after')", "DELETE FROM t WHERE id % 2"]));
    }

    [Sqlite3Fact]
    public async Task A_file_in_WAL_mode_without_a_WAL_is_left_as_it_is()
    {
        await Sqlite3.RunAsync(Source, "PRAGMA journal_mode = WAL; CREATE TABLE t(v); INSERT INTO t VALUES (1);");
        Assert.Single(RoundTrip.Digests(Source));
        await RoundTrip.RunAsync(directory, Source, new("", ["SELECT * FROM t"], ["INSERT INTO t VALUES (2)"]));
    }

    [Sqlite3Fact]
    public async Task A_file_is_imported_while_another_process_has_it_open_and_writes()
    {
        using var other = Sqlite3.Open(Source);
        await TellAsync(other, "PRAGMA journal_mode = WAL; CREATE TABLE t(v); INSERT INTO t VALUES (1); SELECT 'ready';", "ready");
        await TellAsync(other, "BEGIN; INSERT INTO t VALUES (2); SELECT 'in a transaction';", "in a transaction");
        string[] content = ["", "-wal"];
        byte[][] before = [.. content.Select(end => File.ReadAllBytes(Source + end))];

        await using var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl);
        await engine.ImportAsync("app", Source);

        Assert.Equal(before, content.Select(end => File.ReadAllBytes(Source + end)));
        Assert.Equal(1, (await engine.Open("app").ScalarAsync("SELECT count(*) FROM t")).AsInteger());
        await TellAsync(other, "COMMIT; INSERT INTO t VALUES (3); SELECT count(*) FROM t;", "3");
        await engine.ImportAsync("app", Source, replace: true);
        Assert.Equal(3, (await engine.Open("app").ScalarAsync("SELECT count(*) FROM t")).AsInteger());

        // Killed, it leaves the WAL and the shared memory behind.
        other.Kill();
        await other.WaitForExitAsync();
        before = [.. content.Select(end => File.ReadAllBytes(Source + end))];
        await engine.ImportAsync("app", Source, replace: true);
        Assert.Equal(before, content.Select(end => File.ReadAllBytes(Source + end)));
        Assert.Equal(3, (await engine.Open("app").ScalarAsync("SELECT count(*) FROM t")).AsInteger());
    }

    [Sqlite3Fact]
    public async Task A_file_that_another_process_is_changing_is_waited_for()
    {
        using var other = Sqlite3.Open(Source);
        await TellAsync(other, "CREATE TABLE t(v); BEGIN EXCLUSIVE; INSERT INTO t VALUES (1); SELECT 'exclusive';", "exclusive");
        await using var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl);

        var import = engine.ImportAsync("app", Source);
        await Task.Delay(500);
        Assert.False(import.IsCompleted);
        await TellAsync(other, "COMMIT; SELECT 'committed';", "committed");

        await import;
        Assert.Equal(1, (await engine.Open("app").ScalarAsync("SELECT count(*) FROM t")).AsInteger());
        other.StandardInput.Close();
        await other.WaitForExitAsync();
    }

    [Sqlite3Fact]
    public async Task What_stands_behind_the_last_page_is_left_out()
    {
        await Sqlite3.RunAsync(Source, "CREATE TABLE t(v); INSERT INTO t VALUES (1);");
        long bytes = new FileInfo(Source).Length;
        await using (var tail = new FileStream(Source, FileMode.Append))
        {
            tail.Write(new byte[100_000]);
        }

        await RoundTrip.RunAsync(directory, Source, new("", ["SELECT * FROM t"], ["INSERT INTO t VALUES (2)"]));
        Assert.Equal(bytes, new FileInfo(directory.Below("first.db")).Length);
    }

    [Sqlite3Fact]
    public async Task A_journal_that_a_crash_left_behind_is_rolled_back()
    {
        string alive = directory.Below("alive.db");
        await Sqlite3.RunAsync(
            alive,
            $"""
            CREATE TABLE t(id INTEGER PRIMARY KEY, v);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t SELECT i, randomblob(100) FROM n;
            PRAGMA cache_size = 5;
            BEGIN; UPDATE t SET v = 'never committed'; DELETE FROM t WHERE id > 500;
            .shell cp '{alive}' '{Source}'
            .shell cp '{alive}-journal' '{Source}-journal'
            """);
        await RoundTrip.RunAsync(directory, Source, new("", ["SELECT * FROM t ORDER BY id"], ["DELETE FROM t WHERE id % 2"]));
    }

    private async Task MakeAndRunAsync(RealFile file)
    {
        await Sqlite3.RunAsync(Source, file.Script);
        await RoundTrip.RunAsync(directory, Source, file);
    }

    private static async Task TellAsync(Process process, string sql, string answer)
    {
        await process.StandardInput.WriteLineAsync(sql);
        await process.StandardInput.FlushAsync();
        using var giveUp = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync(giveUp.Token);
        }
        while (line is not null && line != answer);
        Assert.Equal(answer, line);
    }
}
