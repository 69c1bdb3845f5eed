using Microsoft.Data.Sqlite;
using OrleansSqlite.Commit;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Two engines on one store against one plain database in memory, over one seed's worth of transactions.</summary>
internal sealed class Match : IAsyncDisposable
{
    private readonly Sample sample;
    private readonly Steps steps;
    private readonly MemoryStore store = new();
    private readonly DatabaseOptions options;
    private readonly SqliteConnection plain = new("Data Source=:memory:");
    private readonly DatabaseEngine?[] engines = new DatabaseEngine?[2];
    private readonly List<string> history = [];
    private Func<Task>? rival;
    private bool isSlow;

    public Match(ulong seed)
    {
        sample = new Sample(seed);
        steps = new Steps(sample);
        options = new DatabaseOptions
        {
            ProbeStore = false,
            PageBytes = steps.PageBytes(),
            InlineBytes = 1 << (10 + sample.Below(8)),
            PageCacheBytes = 1 << 20,
            Threads = 4,
            IdleConnections = sample.Below(3),
        };
        plain.Open();
    }

    /// <summary>The last transactions, for the message of a failure.</summary>
    public string Trail => string.Join('\n', string.Join("\n\n", history.TakeLast(12)).Split('\n').Select(line => line.Length > 300 ? line[..300] + "…" : line));

    public async Task RunAsync(int length)
    {
        await BeginAsync();
        for (int i = 0; i < length; i++)
        {
            await NextAsync();
            if (i % 12 == 11)
            {
                await CompareAsync();
            }
        }

        await CompareAsync();
        await CompareExportsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in engines)
        {
            await (engine?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        plain.Dispose();
    }

    private async Task BeginAsync()
    {
        var first = await EngineAsync(0);
        if (sample.Below(3) == 0)
        {
            await ImportAsync(first);
        }
        else
        {
            await first.CreateAsync("app");
            if (sample.Below(2) == 0)
            {
                await RunAsync(new VacuumStep(sample.Below(2) == 0 ? steps.PageBytes() : null, steps.AutoVacuum()));
            }
        }

        await RunAsync(new BatchStep(["CREATE TABLE seq(n INTEGER NOT NULL)", "INSERT INTO seq VALUES (0)"]));
    }

    private async Task ImportAsync(DatabaseEngine engine)
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sqlite");
        try
        {
            using (var source = new SqliteConnection($"Data Source={file};Pooling=False"))
            {
                source.Open();
                string encoding = new[] { "UTF-8", "UTF-16le", "UTF-16be" }[sample.Below(3)];
                string setup = $"PRAGMA page_size={steps.PageBytes()}; PRAGMA auto_vacuum={steps.AutoVacuum()}; PRAGMA encoding='{encoding}'; PRAGMA journal_mode={(sample.Below(2) == 0 ? "WAL" : "DELETE")}";
                source.Run(setup);
                history.Add($"import of: {setup}");
                for (int i = sample.Below(6); i > 0; i--)
                {
                    var step = steps.Next(source);
                    history.Add(step.Text);
                    Direct.Run(source, step);
                }

                source.BackupDatabase(plain);
                await engine.ImportAsync("app", file);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task NextAsync()
    {
        switch (sample.Below(20))
        {
            case < 13:
                await RunAsync(steps.Next(plain));
                break;
            case < 15:
                await OvertakeAsync(steps.Next(plain), steps.Next(plain));
                break;
            case 15:
                await RaceAsync();
                break;
            case 16:
                await PileUpAsync();
                break;
            case < 19:
                string sql = steps.Query(plain);
                history.Add(sql);
                Equal([Query(sql)], [await QueryAsync(sample.Below(2), sql)]);
                break;
            default:
                int which = sample.Below(2);
                history.Add($"engine {which} is opened anew");
                await (engines[which]?.DisposeAsync() ?? ValueTask.CompletedTask);
                engines[which] = null;
                break;
        }
    }

    /// <summary>A transaction alone.</summary>
    private async Task RunAsync(Step step)
    {
        int which = sample.Below(2);
        history.Add($"engine {which}, {step.Text}");
        Equal(Direct.Run(plain, step), await Engine.RunAsync(await AppAsync(which), step));
    }

    /// <summary>A transaction that loses the race to another one, and runs again behind it.</summary>
    private async Task OvertakeAsync(Step loser, Step winner)
    {
        history.Add($"engine 0 loses, {loser.Text}\n-- to engine 1, {winner.Text}");
        List<string>? won = null;
        var other = await AppAsync(1);
        var app = await AppAsync(0);
        rival = async () => won = await Engine.RunAsync(other, winner);
        var lost = await Engine.RunAsync(app, loser);
        if (Interlocked.Exchange(ref rival, null) is not null)
        {
            // The first one changed nothing, so there was no swap to lose.
            Equal(Direct.Run(plain, loser), lost);
            Equal(Direct.Run(plain, winner), await Engine.RunAsync(other, winner));
            return;
        }

        Equal(Direct.Run(plain, winner), won!);
        Equal(Direct.Run(plain, loser), lost);
    }

    /// <summary>Many transactions at once on one engine: they pile up behind a slow swap and go into the next one together, in their order.</summary>
    private async Task PileUpAsync()
    {
        int which = sample.Below(2);
        var app = await AppAsync(which);
        await app.DescribeAsync();
        var piled = Enumerable.Range(0, 2 + sample.Below(6)).Select(_ => steps.Next(plain)).ToList();
        history.Add($"piled up on engine {which}:\n" + string.Join("\n-- then ", piled.Select(step => step.Text)));
        isSlow = true;
        var ended = await Task.WhenAll(piled.Select(step => Engine.RunAsync(app, step)));
        isSlow = false;
        foreach (var (step, told) in piled.Zip(ended))
        {
            Equal(Direct.Run(plain, step), told);
        }
    }

    /// <summary>Many transactions at once on both engines. Each notes its place in the order, and in that order they are run again.</summary>
    private async Task RaceAsync()
    {
        var racing = Enumerable.Range(0, 2 + sample.Below(7)).Select(i => (Which: i % 2, Step: steps.Racing(plain))).ToList();
        history.Add("at once:\n" + string.Join("\n-- and ", racing.Select(each => $"engine {each.Which}, {each.Step.Text}")));
        List<Task<List<string>>> running = [];
        foreach (var (which, step) in racing)
        {
            running.Add(Engine.RunAsync(await AppAsync(which), step));
        }

        var ended = await Task.WhenAll(running);
        var inOrder = racing.Zip(ended)
            .Where(pair => !pair.Second[0].StartsWith("error", StringComparison.Ordinal))
            .OrderBy(pair => long.Parse(pair.Second[0].Split('\n')[1].Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
        foreach (var ((_, step), told) in inOrder)
        {
            history.Add($"-- then {step.Text}");
            Equal(Direct.Run(plain, step), told);
        }
    }

    private async Task CompareAsync()
    {
        var expected = Dump.Of(plain);
        for (int which = 0; which < 2; which++)
        {
            var app = await AppAsync(which);
            Equal(expected, await app.ReadAsync(Dump.Of));
            Equal(["ok"], await app.ReadAsync(connection => connection.Rows("PRAGMA integrity_check").ToList()));
        }

        byte[][] pages = new byte[2][];
        for (int which = 0; which < 2; which++)
        {
            var head = await (await AppAsync(which)).PinAsync(ReadLevel.Strong, default);
            pages[which] = PagesOf.All(head.Snapshot);
            head.Snapshot.Release();
        }

        Assert.True(pages[0].AsSpan().SequenceEqual(pages[1]), "the two engines see different pages");
    }

    private async Task CompareExportsAsync()
    {
        byte[][] files = new byte[2][];
        for (int which = 0; which < 2; which++)
        {
            string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sqlite");
            await (await EngineAsync(which)).ExportAsync("app", file);
            files[which] = await File.ReadAllBytesAsync(file);
            using (var exported = new SqliteConnection($"Data Source={file};Pooling=False"))
            {
                exported.Open();
                exported.AssertSound();
                Equal(Dump.Of(plain), Dump.Of(exported));
            }

            File.Delete(file);
        }

        Assert.True(files[0].AsSpan().SequenceEqual(files[1]), "the two engines export different files");
    }

    private async Task<EngineDatabase> AppAsync(int which) => (await EngineAsync(which)).Open("app");

    private async Task<DatabaseEngine> EngineAsync(int which)
    {
        if (engines[which] is { } open)
        {
            return open;
        }

        var engine = await DatabaseEngine.OpenAsync(store, options, entropy: new Entropy(sample.Next()));
        engine.AtPoint = async point =>
        {
            if (point == CommitPoint.SwapSending && isSlow)
            {
                await Task.Delay(2);
            }

            if (which == 0 && point == CommitPoint.Planned && Interlocked.Exchange(ref rival, null) is { } first)
            {
                await first();
            }
        };
        return engines[which] = engine;
    }

    private string Query(string sql)
    {
        try
        {
            return string.Join('\n', Direct.Execute(plain, sql).Rows.Select(Lines.Of));
        }
        catch (SqliteException e)
        {
            return Lines.Of(e);
        }
    }

    private async Task<string> QueryAsync(int which, string sql)
    {
        try
        {
            return string.Join('\n', (await (await AppAsync(which)).QueryAllAsync(sql)).Select(Lines.Of));
        }
        catch (DatabaseException e)
        {
            return Lines.Of(e);
        }
    }

    private static void Equal(List<string> expected, List<string> actual)
    {
        for (int i = 0; i < Math.Max(expected.Count, actual.Count); i++)
        {
            string plain = i < expected.Count ? expected[i] : "(nothing)";
            string engine = i < actual.Count ? actual[i] : "(nothing)";
            if (plain != engine)
            {
                Assert.Fail($"Line {i} of {expected.Count}.\nPlain SQLite says: {Cut(plain)}\nThe engine says:   {Cut(engine)}");
            }
        }

        static string Cut(string line) => line.Length > 2000 ? line[..2000] + "…" : line;
    }
}
