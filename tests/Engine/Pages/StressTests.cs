using System.Security.Cryptography;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Format;
using OrleansSqlite.Tests.Vfs;

namespace OrleansSqlite.Tests.Pages;

/// <summary>Readers, a writer and flushes at once, with next to no cache and with freed memory poisoned: every page is what it was.</summary>
public sealed class StressTests
{
    private const int PageBytes = 4096;

    // The writer goes on for that long: where other tests keep the processors, readers may not have begun when it has done its part.
    private const int EnoughChecks = 30;
    private const int EnoughReads = 8;

    public StressTests() => Poison.FreedMemory();

    // On snapshots alone: each state's content is known by a hash, however its pages have moved since.
    [Fact]
    public async Task Snapshots_keep_their_content_while_pages_are_written_moved_and_evicted()
    {
        using var shelf = new Shelf();
        var gate = new Lock();
        var tip = Snapshot.Empty();
        byte[] expected = SHA256.HashData(PagesOf.All(tip));
        bool stop = false;
        int checks = 0;
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                Snapshot mine;
                byte[] hash;
                lock (gate)
                {
                    (mine, hash) = (tip.Share(), expected);
                }

                Assert.Equal(hash, SHA256.HashData(PagesOf.All(mine)));
                mine.Release();
                Interlocked.Increment(ref checks);
            }
        })).ToArray();

        var sample = new Sample(8);
        List<byte[]> model = [];
        for (int edit = 1; (edit <= 500 || Volatile.Read(ref checks) < EnoughChecks) && !readers.Any(reader => reader.IsFaulted); edit++)
        {
            Snapshot next;
            if (edit % 10 == 0)
            {
                // A flush: everything moves to a segment, or only what a frame held.
                var pages = edit % 20 == 0
                    ? model.Select((image, i) => new KeyValuePair<uint, byte[]>((uint)i + 1, image))
                    : tip.FramePages().Select(pair => new KeyValuePair<uint, byte[]>(pair.Key, model[(int)pair.Key - 1]));
                var segment = shelf.Segment(edit % 20 == 0 ? SegmentKind.Dense : SegmentKind.Sparse, PageBytes, pages.ToArray());
                next = tip.From(segment.Pages(), edit % 20 == 0 ? [segment] : [segment, .. tip.Segments], edit);
            }
            else
            {
                next = Write(tip, model, sample, edit);
            }

            byte[] hash = SHA256.HashData([.. model.SelectMany(image => image)]);
            lock (gate)
            {
                tip.Release();
                (tip, expected) = (next, hash);
            }
        }

        Volatile.Write(ref stop, true);
        await Task.WhenAll(readers);
        Assert.Equal(expected, SHA256.HashData(PagesOf.All(tip)));
        var frames = tip.FramePages().Select(pair => pair.Value).ToArray();
        tip.Release();
        Assert.All(frames, frame => Assert.False(frame.IsResident));
    }

    // Through SQLite: each row proves its own content, and each snapshot that it is whole.
    [Fact]
    public async Task Queries_see_whole_snapshots_while_batches_and_flushes_go_on()
    {
        var options = new DatabaseOptions { PageCacheBytes = 1 << 20, InlineBytes = 8 << 10, ProbeStore = false };
        var store = new MemoryStore();
        await using var engine = await DatabaseEngine.OpenAsync(store, options);
        await using var other = await DatabaseEngine.OpenAsync(store, options);
        await engine.CreateAsync("app");
        var app = engine.Open("app");
        const int rows = 3000;
        await app.ExecuteAsync(new Batch(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER NOT NULL, body TEXT NOT NULL)",
            "CREATE INDEX by_n ON t(n)",
            "CREATE TABLE total(n INTEGER NOT NULL)",
            "INSERT INTO total VALUES (0)",
            $"WITH RECURSIVE i(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM i WHERE id < {rows}) INSERT INTO t SELECT id, 0, {Body("id", "0")} FROM i"));
        using var stop = new CancellationTokenSource();
        int reads = 0;
        var readers = Enumerable.Range(0, 4).Select(number => Task.Run(async () =>
        {
            var sample = new Sample((ulong)number);
            var database = (number % 2 == 0 ? engine : other).Open("app");
            while (!stop.IsCancellationRequested)
            {
                var row = (await database.QueryAllAsync(sample.Below(2) == 0
                    ? $"SELECT count(*), sum(n) - (SELECT n FROM total), sum(body <> {Body("id", "n")}) FROM t"
                    : $"SELECT count(*), sum(n) - (SELECT n FROM total), sum(body <> {Body("id", "n")}) FROM t INDEXED BY by_n WHERE n >= 0"))[0];
                Assert.Equal([rows, 0, 0], row.Select(value => value.AsInteger()));

                // A slow reader, whose pointers are out while pages are evicted and replaced.
                await using var stream = await database.QueryAsync($"SELECT body = {Body("id", "n")} FROM t ORDER BY id {(number % 2 == 0 ? "DESC" : "")}");
                while (await stream.ReadAsync() is { Count: > 0 } piece)
                {
                    Assert.All(piece, each => Assert.Equal(1, each[0].AsInteger()));
                    await Task.Yield();
                }

                Interlocked.Increment(ref reads);
            }
        })).ToArray();

        var random = new Sample(77);
        for (int i = 0; (i < 150 || Volatile.Read(ref reads) < EnoughReads) && !readers.Any(reader => reader.IsFaulted); i++)
        {
            string condition = $"id % {7 + random.Below(90)} = {random.Below(7)}";
            await (i % 3 == 0 ? other : engine).Open("app").ExecuteAsync(new Batch(
                $"UPDATE total SET n = n + (SELECT count(*) FROM t WHERE {condition})",
                $"UPDATE t SET n = n + 1, body = {Body("id", "n + 1")} WHERE {condition}"));
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal("ok", (await app.ScalarAsync("SELECT * FROM pragma_integrity_check")).AsText());
    }

    private static Snapshot Write(Snapshot tip, List<byte[]> model, Sample sample, int edit)
    {
        int count = sample.Below(6) switch
        {
            0 => Math.Max(10, model.Count - sample.Below(200)),
            1 or 2 => Math.Min(900, model.Count + sample.Below(60)),
            _ => Math.Max(10, model.Count),
        };
        int before = model.Count;
        model.RemoveRange(Math.Min(count, before), Math.Max(0, before - count));
        SortedDictionary<uint, Block> pages = [];
        for (int page = 1; page <= count; page++)
        {
            bool isNew = page > before;
            if (isNew || sample.Below(count) < 8)
            {
                byte[] image = new byte[PageBytes];
                sample.Noise(image.AsSpan(0, 64));
                image.AsSpan(0, 64).CopyTo(image.AsSpan(PageBytes - 64));
                if (isNew)
                {
                    model.Add(image);
                }
                else
                {
                    model[page - 1] = image;
                }

                pages.Add((uint)page, Memory.Frame((uint)page, image));
            }
        }

        var next = tip.With(pages, PageBytes, (uint)count, edit);
        foreach (var block in pages.Values)
        {
            block.Release();
        }

        return next;
    }

    /// <summary>A text that is decided by a row's id and number, of a length that makes rows move and overflow.</summary>
    private static string Body(string id, string n) => $"printf('%0' || (50 + ({id} * 37 + ({n}) * 101) % 700) || 'd', {id} * 1000 + {n})";
}
