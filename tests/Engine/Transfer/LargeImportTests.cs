using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Transfer;

/// <summary>What an import leaves for readers, and what becomes of one that is interrupted.</summary>
public sealed class LargeImportTests(SourceDatabase source) : IClassFixture<SourceDatabase>
{
    private static readonly DatabaseOptions Options = new() { ProbeStore = false, PageCacheBytes = 32 << 20 };

    [Theory]
    [InlineData("SELECT v LIKE 'row 70000 %' FROM t WHERE id = 70000")]
    [InlineData("SELECT v LIKE 'row 3 %' FROM t WHERE id = 3")]
    public async Task A_cold_point_query_waits_for_three_round_trips_at_most(string query)
    {
        var store = new MemoryStore();
        await ImportAsync(store);
        var chain = new ChainStore(store, TimeSpan.FromMilliseconds(400));
        await using var engine = await DatabaseEngine.OpenAsync(chain, Options with { HedgeReads = false });
        var database = engine.Open("app");
        await database.DescribeAsync();
        Assert.Equal((1, 1), (chain.Longest, chain.Reads));
        chain.Reset();
        Assert.Equal(1, (await database.ScalarAsync(query, ReadLevel.AtLeast(0))).AsInteger());
        Assert.InRange(chain.Longest, 1, 3);
        Assert.InRange(chain.Reads, 2, 8);
    }

    [Fact]
    public async Task Interior_pages_stand_before_the_base_and_hold_what_the_base_does()
    {
        var store = new MemoryStore();
        await ImportAsync(store);
        var head = await HeadAsync(store);
        Assert.Equal([SegmentKind.Sparse, SegmentKind.Sparse, SegmentKind.Dense, SegmentKind.Dense], head.Segments.Select(entry => entry.Kind));
        Assert.True(head.Segments[0].ObjectBytes < 100_000, "the upper pages are a handful");
        Assert.All(head.Segments, entry => Assert.Equal((1, 1), (entry.MinVersion, entry.MaxVersion)));
        var cache = new PageCache(64 << 20);
        var from = new SegmentSource(store, new DatabaseKeys("app"), new ReadRetry(TimeProvider.System, new Entropy(1)), cache);
        var all = head.Segments.Select(entry => from.Get(entry, 512)).ToArray();
        foreach (var (page, block) in all[..2].SelectMany(segment => segment.Pages()))
        {
            Snapshot.Pin(block);
            var copy = Vfs.Memory.Of(block).Slice(Snapshot.SlotOf(block, page) * 512, 512).ToArray();
            block.Unpin();
            Assert.True(page == 1 || InteriorPages.IsInterior(page, copy), $"page {page}");
            var below = all[2..].First(segment => segment.Covers(page)).Find(page)!;
            Snapshot.Pin(below);
            Assert.Equal(copy, Vfs.Memory.Of(below).Slice(Snapshot.SlotOf(below, page) * 512, 512).ToArray());
            below.Unpin();
        }

        cache.Dispose();
    }

    [Fact]
    public async Task A_scan_and_an_export_of_it_take_few_requests()
    {
        var store = new MemoryStore();
        await ImportAsync(store);
        await using var engine = await DatabaseEngine.OpenAsync(store, Options);
        var database = engine.Open("app");
        Assert.Equal(SourceDatabase.Rows, (await database.ScalarAsync("SELECT count(length(v)) FROM t NOT INDEXED")).AsInteger());
        Assert.InRange(engine.Requests.Gets, 10, 250);
        var before = engine.Requests;
        string file = source.Beside($"{Entropy.System.NextGuid():N}.db");
        await engine.ExportAsync("app", file);
        Assert.InRange((engine.Requests - before).Gets, 10, 250);
        Assert.Equal(await File.ReadAllBytesAsync(source.Path), await File.ReadAllBytesAsync(file));
        File.Delete(file);
    }

    [Fact]
    public async Task An_interrupted_import_goes_on_where_it_was()
    {
        // Pages of 512 bytes make two segments of 32 MiB, too few to be recorded: five copies of the table make eight.
        string file = await LargerAsync();
        var store = new MemoryStore();
        var broken = new FaultyStore(store);
        int written = 0;
        broken.Always = request => request.Verb == StoreVerb.Write && request.Key.Contains("/segments/", StringComparison.Ordinal) && Interlocked.Increment(ref written) > 4
            ? Fault.Denied : Fault.None;
        await using (var engine = await DatabaseEngine.OpenAsync(broken, Options))
        {
            await Assert.ThrowsAsync<DatabaseException>(() => engine.ImportAsync("app", file));
        }

        Assert.Equal(ReadAnswer.Missing, (await store.ReadAsync("app/head", null, default)).Answer);
        var counting = new CountingStore(store);
        await using (var engine = await DatabaseEngine.OpenAsync(counting, Options))
        {
            await engine.ImportAsync("app", file);
        }

        var head = await HeadAsync(store);
        int dense = head.Segments.Count(entry => entry.Kind == SegmentKind.Dense);
        int sparse = head.Segments.Length - dense;
        Assert.True(dense >= 6);
        Assert.Equal(dense - 4 + sparse, counting.Counts.Writes);
        Assert.Equal(ReadAnswer.Missing, (await store.ReadAsync("app/import", null, default)).Answer);
        await SameAsync(store, file);
        File.Delete(file);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("cut")]
    [InlineData("index")]
    [InlineData("record")]
    [InlineData("file")]
    public async Task What_an_interrupted_import_left_is_never_believed(string damage)
    {
        string file = await LargerAsync();
        var store = new MemoryStore();
        var broken = new FaultyStore(store);
        int written = 0;
        broken.Always = request => request.Verb == StoreVerb.Write && request.Key.Contains("/segments/", StringComparison.Ordinal) && Interlocked.Increment(ref written) > 5
            ? Fault.Denied : Fault.None;
        await using (var engine = await DatabaseEngine.OpenAsync(broken, Options))
        {
            await Assert.ThrowsAsync<DatabaseException>(() => engine.ImportAsync("app", file));
        }

        List<string> keys = [];
        await foreach (var item in store.ListAsync("app/segments/", default))
        {
            keys.Add(item.Key);
        }

        foreach (string key in damage == "record" ? ["app/import"] : damage == "file" ? [] : keys)
        {
            byte[] content = (await store.ReadAsync(key, null, default)).Content.ToArray();
            switch (damage)
            {
                case "gone":
                    await store.DeleteAsync(key, default);
                    continue;
                case "cut":
                    content = content[..^100];
                    break;
                case "index":
                    content[^60] ^= 1;
                    break;
                default:
                    content[50] ^= 1;
                    break;
            }

            await store.WriteAsync(key, content, default);
        }

        if (damage == "file")
        {
            // The same size, other rows, all over it.
            Sql(file, "UPDATE t SET k = k + 1 WHERE id % 50 = 0");
        }

        await using (var engine = await DatabaseEngine.OpenAsync(store, Options))
        {
            await engine.ImportAsync("app", file);
        }

        await SameAsync(store, file);
        File.Delete(file);
    }

    private static async Task SameAsync(MemoryStore store, string file)
    {
        string exported = $"{file}.exported";
        await using var engine = await DatabaseEngine.OpenAsync(store, Options);
        await engine.ExportAsync("app", exported, overwrite: true);
        Assert.Equal(await File.ReadAllBytesAsync(file), await File.ReadAllBytesAsync(exported));
        File.Delete(exported);
    }

    private static async Task<Head> HeadAsync(MemoryStore store) => HeadCodec.Decode((await store.ReadAsync("app/head", null, default)).Content, "app/head");

    private static void Sql(string file, string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private async Task ImportAsync(MemoryStore store)
    {
        await using var engine = await DatabaseEngine.OpenAsync(store, Options);
        await engine.ImportAsync("app", source.Path);
    }

    private async Task<string> LargerAsync()
    {
        string file = source.Beside($"{Entropy.System.NextGuid():N}.db");
        await Task.Run(() => File.Copy(source.Path, file));
        Sql(file, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; INSERT INTO t(k, v) SELECT k, v FROM t; INSERT INTO t(k, v) SELECT k, v || 'x' FROM t LIMIT 150000;");
        return file;
    }
}
