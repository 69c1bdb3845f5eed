using System.Net.Http.Headers;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests;

/// <summary>Databases as ordinary SQLite files over HTTP.</summary>
public sealed class FileTests : IDisposable
{
    private const string File = "/v1/databases/shop/file";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orleans-sqlite-file-tests-");

    [Fact]
    public async Task A_database_goes_out_and_comes_in_again()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("shop", "create table t(v); insert into t values (randomblob(3000000))");
        using var exported = await server.Client.GetAsync(File);
        var bytes = await exported.Content.ReadAsByteArrayAsync();

        Assert.Equal(("\"1\"", "application/vnd.sqlite3"), (exported.Headers.ETag?.Tag, exported.Content.Headers.ContentType?.MediaType));
        Assert.Equal(bytes.Length, exported.Content.Headers.ContentLength);
        Assert.Equal("attachment; filename=shop.sqlite", exported.Content.Headers.ContentDisposition!.ToString().Replace("\"", "", StringComparison.Ordinal));
        Assert.Equal("ok", Look(bytes, "pragma integrity_check"));
        Assert.Equal("3000000", Look(bytes, "select length(v) from t"));

        var made = await SendAsync(server, "/v1/databases/copy/file", bytes);
        Assert.Equal((201, "\"1\"", "/v1/databases/copy"), (made.Status, made.ETag, made.Headers["Location"]));
        Assert.Equal(bytes.Length, made.Json.GetProperty("bytes").GetInt64());
        Assert.Equal("[[3000000]]", await ValueAsync(server, "copy", "select length(v) from t"));
    }

    [Fact]
    public async Task An_earlier_version_goes_out_and_what_the_caller_has_does_not()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("shop", "create table t(v)");
        await server.ExecuteAsync("shop", """{"statements":["insert into t values (1)"]}""");
        Assert.Equal("0", Look(await server.Client.GetByteArrayAsync($"{File}?atVersion=1"), "select count(*) from t"));
        Assert.Equal("1", Look(await server.Client.GetByteArrayAsync(File), "select count(*) from t"));
        Assert.Empty(await server.Client.GetByteArrayAsync($"{File}?atVersion=0"));

        var known = await server.SendAsync(HttpMethod.Get, File, null, ("If-None-Match", "\"1\", \"2\""));
        Assert.Equal((304, "\"2\"", ""), (known.Status, known.ETag, known.Text));
        (await server.SendAsync(HttpMethod.Get, $"{File}?atVersion=99")).Problem(412, "Invalid", ErrorCodes.VersionNotReached);
        (await server.SendAsync(HttpMethod.Get, $"{File}?atLeast=1")).Problem(400, "Invalid", ErrorCodes.BadArgument);
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/nope/file")).Problem(404, "Invalid", ErrorCodes.DatabaseNotFound);
    }

    [Fact]
    public async Task A_database_that_is_there_is_replaced_only_if_that_is_said()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("shop", "create table t(v)");
        var file = Make("create table u(v); insert into u values (7)");
        (await SendAsync(server, File, file)).Problem(409, "Invalid", ErrorCodes.DatabaseExists);
        (await SendAsync(server, $"{File}?replace=perhaps", file)).Problem(400, "Invalid", ErrorCodes.BadArgument);

        var replaced = await SendAsync(server, $"{File}?replace=true", file);
        Assert.Equal((200, "\"2\""), (replaced.Status, replaced.ETag));
        Assert.Equal("[[7]]", await ValueAsync(server, "shop", "select v from u"));

        // And the replacement can be taken back.
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Post, "/v1/databases/shop/restore", """{"to":{"atVersion":1}}""")).Status);
        Assert.Equal("[[0]]", await ValueAsync(server, "shop", "select count(*) from t"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_is_too_large_is_413_and_nothing_of_it_stays(bool chunked)
    {
        await using var server = await TestServer.StartAsync(options => options.ImportBytes = 100_000);
        var file = Make("create table t(v); insert into t values (randomblob(300000))");
        var before = Uploads();
        var problem = (await SendAsync(server, File, file, chunked)).Problem(413, "Invalid", ErrorCodes.LimitExceeded);
        Assert.Contains("100000 bytes", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/shop")).Problem(404, "Invalid", ErrorCodes.DatabaseNotFound);
        Assert.Equal(before, Uploads());

        // The limit of other bodies is not this one's.
        Assert.Equal(201, (await SendAsync(server, File, Make("create table t(v)"), chunked)).Status);
        Assert.Equal(before, Uploads());
    }

    [Fact]
    public async Task What_is_no_SQLite_file_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        var before = Uploads();
        (await SendAsync(server, File, [.. Enumerable.Repeat((byte)'x', 5000)])).Problem(400, "Invalid", ErrorCodes.BadFile);
        (await SendAsync(server, "/v1/databases/No%20Name/file", Make("create table t(v)"))).Problem(400, "Invalid", ErrorCodes.BadName);
        Assert.Equal(before, Uploads());
    }

    [Fact]
    public async Task An_upload_that_is_broken_off_leaves_nothing_and_its_place_is_free_again()
    {
        await using var server = await TestServer.StartAsync(options => options.ImportsAtOnce = 1);
        var before = Uploads();
        var pipe = new System.IO.Pipelines.Pipe(new(pauseWriterThreshold: 0));
        await pipe.Writer.WriteAsync(new byte[1 << 20]);
        using var gone = new CancellationTokenSource();
        using var first = new HttpRequestMessage(HttpMethod.Put, File) { Content = new StreamContent(pipe.Reader.AsStream()) };
        var sending = server.Client.SendAsync(first, gone.Token);
        await UntilAsync(() => !before.SequenceEqual(Uploads()));
        (await SendAsync(server, "/v1/databases/other/file", Make("create table t(v)"))).Problem(429, "Overloaded", ErrorCodes.QueueFull);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await UntilAsync(() => before.SequenceEqual(Uploads()));
        Reply? second = null;
        await UntilAsync(async () => (second = await SendAsync(server, "/v1/databases/other/file", Make("create table t(v)"))).Status != 429);
        Assert.Equal(201, second!.Status);
    }

    [Fact]
    public async Task A_catalogue_without_a_store_beside_it_says_so()
    {
        await using var server = await TestServer.StartAsync(new FailingCatalog(null));
        (await server.SendAsync(HttpMethod.Get, File)).Problem(501, "Invalid", ErrorCodes.NotAllowed);
        (await SendAsync(server, File, Make("create table t(v)"))).Problem(501, "Invalid", ErrorCodes.NotAllowed);
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        folder.Delete(recursive: true);
    }

    private static async Task<Reply> SendAsync(TestServer server, string path, byte[] file, bool chunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path)
        {
            Content = new StreamContent(new MemoryStream(file)) { Headers = { ContentType = new MediaTypeHeaderValue("application/vnd.sqlite3") } },
        };
        request.Headers.TransferEncodingChunked = chunked;

        // Whoever is refused before the body is asked for has not sent it.
        request.Headers.ExpectContinue = true;
        using var response = await server.Client.SendAsync(request);
        return await Reply.FromAsync(response);
    }

    private static async Task<string> ValueAsync(TestServer server, string database, string sql) =>
        (await server.QueryAsync(database, $$"""{"sql":"{{sql}}"}""")).Json.GetProperty("rows").GetRawText();

    private static string[] Uploads() => [.. Directory.GetDirectories(Path.GetTempPath(), "orleans-sqlite-upload-*").Order()];

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await holds())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private byte[] Make(string sql)
    {
        var path = Path.Combine(folder.FullName, $"{Guid.NewGuid():N}.db");
        using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        return System.IO.File.ReadAllBytes(path);
    }

    private string Look(byte[] file, string sql)
    {
        var path = Path.Combine(folder.FullName, $"{Guid.NewGuid():N}.db");
        System.IO.File.WriteAllBytes(path, file);
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture)!;
    }
}
