namespace OrleansSqlite.Tests;

/// <summary>Stores that can't be used: each says why, and what was acknowledged stays.</summary>
public sealed class BadStores : IDisposable
{
    private static readonly Dictionary<string, string> SomeCredentials = new()
    {
        ["AWS_ACCESS_KEY_ID"] = "no-such-key",
        ["AWS_SECRET_ACCESS_KEY"] = "no-such-secret",
        ["AWS_REGION"] = "us-east-1",
    };

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Delete();

    [Fact]
    public async Task A_full_disk_refuses_writes_and_keeps_what_it_has()
    {
        using var disk = new SmallDisk(directory.Below("disk"), leftKibibytes: 80);
        string store = $"file:{Path.Combine(disk.Path, "store")}";
        await using (var engine = await DatabaseEngine.OpenAsync(store))
        {
            await engine.CreateAsync("app");
            await engine.Open("app").ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v INTEGER NOT NULL)");
        }

        using var worker = disk.Start([], "insert", "--store", store, "--db", "app", "--count", "0", "--id", "1", "--ack", directory.Below("ack"));
        var error = await worker.FailAsync();
        Refused.As(ErrorKind.Unavailable, ErrorCodes.StoreFull, "'app'", error);

        var told = Acknowledged.Read(directory.Below("ack"));
        Assert.NotEmpty(told);
        await using (var engine = await DatabaseEngine.OpenAsync(store, new DatabaseOptions { ProbeStore = false }))
        {
            await Acknowledged.AssertKeptAsync(engine.Open("app"), told);
            disk.Free();
            await engine.Open("app").ExecuteAsync("INSERT INTO t(v) VALUES (-1)");
            Assert.Equal(told.Count + 1, (await engine.Open("app").ScalarAsync("SELECT count(*) FROM t")).AsInteger());
            Assert.Equal("ok", (await engine.Open("app").ScalarAsync("PRAGMA integrity_check")).AsText());
        }
    }

    [Fact]
    public async Task A_store_that_nobody_answers_for_is_unavailable()
    {
        // The discard port: nobody listens there.
        using var worker = WorkerProcess.StartIn([], SomeCredentials, Scan("s3://bucket/prefix?endpoint=http://127.0.0.1:9"));
        var error = await worker.FailAsync();
        Refused.As(ErrorKind.Unavailable, ErrorCodes.StoreUnavailable, "s3://bucket/prefix", error);
        Assert.DoesNotContain("no-such-secret", error.Message, StringComparison.Ordinal);
    }

    [S3Fact]
    [Trait("Category", "S3")]
    public Task Wrong_credentials_are_denied() => S3Server.WithStoreAsync(async url =>
    {
        using var worker = WorkerProcess.StartIn([], SomeCredentials, Scan(url));
        var error = await worker.FailAsync();
        Refused.As(ErrorKind.Unavailable, ErrorCodes.StoreDenied, "s3://", error);
        Assert.DoesNotContain("no-such-", error.Message, StringComparison.Ordinal);
    });

    [S3Fact]
    [Trait("Category", "S3")]
    public async Task A_missing_bucket_is_said()
    {
        using var worker = WorkerProcess.Start(Scan($"s3://osql-there-is-none/prefix?endpoint={Uri.EscapeDataString(S3Server.Endpoint!)}"));
        Refused.As(ErrorKind.Invalid, ErrorCodes.BadStore, "s3://osql-there-is-none", await worker.FailAsync());
    }

    [Fact]
    public async Task A_file_is_no_directory()
    {
        string file = directory.Below("file");
        await File.WriteAllTextAsync(file, "");
        await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.BadStore, file, () => DatabaseEngine.OpenAsync($"file:{file}"));
        Assert.Equal("", await File.ReadAllTextAsync(file));
    }

    [Theory]
    [InlineData("ftp://host/path")]
    [InlineData("just-a-word")]
    [InlineData("s3://a")]
    [InlineData("file:")]
    public async Task A_URL_that_names_no_store_is_refused(string url) =>
        await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.BadStore, url, () => DatabaseEngine.OpenAsync(url));

    [Fact]
    public async Task A_database_that_is_not_there_is_not_made()
    {
        await using var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl);
        var error = await Refused.AsAsync(ErrorKind.Invalid, ErrorCodes.DatabaseNotFound, "'app'", () => engine.Open("app").ExecuteAsync("CREATE TABLE t(x)"));
        Assert.Equal("app", error.Database);
        Assert.False(Directory.Exists(Path.Combine(directory.StorePath, "app")));
    }

    private static string[] Scan(string store) => ["scan", "--store", store, "--db", "app", "--sql", "SELECT 1"];
}
