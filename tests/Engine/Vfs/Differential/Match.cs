using System.Globalization;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Two engines on one store against one plain database, over one seed's worth of transactions.</summary>
internal sealed class Match : IAsyncDisposable
{
    private readonly Sample sample;
    private readonly Steps steps;
    private readonly Pair pair;
    private readonly Check check;
    private readonly Tally tally;
    private readonly PlainFile plainFile = new();
    private readonly List<string> history = [];
    private readonly int pageBytes;

    public Match(ulong seed, Tally tally)
    {
        this.tally = tally;
        sample = new Sample(seed);
        steps = new Steps(sample);
        pageBytes = steps.PageBytes();
        pair = new Pair(sample, new DatabaseOptions
        {
            ProbeStore = false,
            PageBytes = pageBytes,
            InlineBytes = 1 << (10 + sample.Below(8)),
            PageCacheBytes = 1 << 20,
            Threads = 4,
            IdleConnections = sample.Below(3),

            // What the outcomes of left writes take in the file plain SQLite has no pages for.
            Combine = false,
        });
        check = new Check(pair, Plain);
    }

    private SqliteConnection Plain => plainFile.Connection;

    /// <summary>The beginning and the last transactions, for the message of a failure.</summary>
    public string Trail => Lines.Cut(string.Join("\n\n", history.Take(1).Concat(history.Skip(1).TakeLast(12))));

    public async Task RunAsync(int length)
    {
        tally.Count("seeds");
        await BeginAsync();
        for (int i = 0; i < length; i++)
        {
            await NextAsync();
            if (i % 12 == 11)
            {
                await check.ContentAsync();
            }
        }

        await check.ContentAsync();
        await check.ExportsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await pair.DisposeAsync();
        plainFile.Dispose();
    }

    private async Task BeginAsync()
    {
        var first = await pair.EngineAsync(0);
        if (sample.Below(3) == 0)
        {
            tally.Count("imports");
            await ImportAsync(first);
        }
        else
        {
            await first.CreateAsync(Pair.Name);
            Plain.Run($"PRAGMA page_size={pageBytes}");
            if (sample.Below(2) == 0)
            {
                await AloneAsync(new VacuumStep(sample.Below(2) == 0 ? steps.PageBytes() : null, steps.AutoVacuum()));
            }
        }

        await AloneAsync(steps.First(Plain));
    }

    private async Task ImportAsync(DatabaseEngine engine)
    {
        using var file = new PlainFile();
        var source = file.Connection;
        string encoding = new[] { "UTF-8", "UTF-16le", "UTF-16be" }[sample.Below(3)];
        string setup = $"PRAGMA page_size={steps.PageBytes()}; PRAGMA auto_vacuum={steps.AutoVacuum()}; PRAGMA encoding='{encoding}'; PRAGMA journal_mode={(sample.Below(2) == 0 ? "WAL" : "DELETE")}";
        source.Run(setup);
        history.Add($"import of: {setup}");
        for (int i = 1 + sample.Below(5); i > 0; i--)
        {
            var step = steps.Next(source);
            history.Add(step.Text);
            Direct.Run(source, step);
        }

        source.BackupDatabase(Plain);

        // The mark of WAL was copied, too, and with it VACUUM can't change the page size.
        Plain.Run("PRAGMA journal_mode=MEMORY");
        file.Close();
        await engine.ImportAsync(Pair.Name, file.Path);
    }

    private async Task NextAsync()
    {
        switch (sample.Below(20))
        {
            case < 12:
                await AloneAsync(steps.Next(Plain));
                break;
            case < 14:
                await OvertakeAsync(steps.Next(Plain), steps.Next(Plain));
                break;
            case 14:
                await RaceAsync();
                break;
            case 15:
                await PileUpAsync();
                break;
            case 16:
                await HoldAsync();
                break;
            case < 19:
                await QueryAsync();
                break;
            default:
                int which = sample.Below(2);
                tally.Count("reopenings");
                history.Add($"engine {which} is opened anew");
                await pair.CloseAsync(which);
                break;
        }
    }

    /// <summary>A transaction alone.</summary>
    private async Task AloneAsync(Step step)
    {
        int which = sample.Below(2);
        history.Add($"engine {which}, {step.Text}");
        Compare(step, await Stored.RunAsync(await pair.AppAsync(which), step));
    }

    /// <summary>A transaction that loses the race to another one, and runs again behind it.</summary>
    private async Task OvertakeAsync(Step loser, Step winner)
    {
        int which = sample.Below(2);
        history.Add($"engine {which} loses, {loser.Text}\n-- to engine {1 - which}, {winner.Text}");
        List<string>? won = null;
        var other = await pair.AppAsync(1 - which);
        var app = await pair.AppAsync(which);
        pair.LetOvertake(which, async () => won = await Stored.RunAsync(other, winner));
        var lost = await Stored.RunAsync(app, loser);
        if (pair.TakeBack())
        {
            // It changed nothing, so there was no swap to lose.
            Compare(loser, lost);
            Compare(winner, await Stored.RunAsync(other, winner));
            return;
        }

        tally.Count("overtakings");
        Compare(winner, won!);
        Compare(loser, lost);
    }

    /// <summary>Many transactions at once on one engine: they pile up behind a slow swap and go into the next one together, in their order.</summary>
    private async Task PileUpAsync()
    {
        int which = sample.Below(2);
        var app = await pair.AppAsync(which);
        await app.DescribeAsync();
        var piled = Enumerable.Range(0, 2 + sample.Below(6)).Select(_ => steps.Next(Plain)).ToList();
        history.Add($"piled up on engine {which}:\n" + string.Join("\n-- then ", piled.Select(step => step.Text)));
        tally.Count("piles");
        pair.IsSlow = true;
        var ended = await Task.WhenAll(piled.Select(step => Stored.RunAsync(app, step)));
        pair.IsSlow = false;
        foreach (var (step, told) in piled.Zip(ended))
        {
            Compare(step, told);
        }
    }

    /// <summary>Many transactions at once on both engines. Each notes its place in the order, and in that order they are run again.</summary>
    private async Task RaceAsync()
    {
        var racing = Enumerable.Range(0, 2 + sample.Below(7)).Select(i => (Which: i % 2, Step: steps.Racing(Plain))).ToList();
        history.Add("at once:\n" + string.Join("\n-- and ", racing.Select(each => $"engine {each.Which}, {each.Step.Text}")));
        tally.Count("races");
        List<Task<List<string>>> running = [];
        foreach (var (which, step) in racing)
        {
            running.Add(Stored.RunAsync(await pair.AppAsync(which), step));
        }

        // One that failed as a whole left nothing, and nothing says where it stood.
        var ended = await Task.WhenAll(running);
        Assert.DoesNotContain(ended, told => Lines.IsOfTheEngine(told[0]));
        var inOrder = racing.Zip(ended)
            .Where(one => !Lines.IsError(one.Second[0]))
            .OrderBy(one => long.Parse(one.Second[0].Split('\n')[1].Split(':')[1], CultureInfo.InvariantCulture));
        foreach (var ((_, step), told) in inOrder)
        {
            history.Add($"-- then {step.Text}");
            Compare(step, told);
        }
    }

    /// <summary>A reader that stays where it is while others commit.</summary>
    private async Task HoldAsync()
    {
        int which = sample.Below(2);
        history.Add($"a reader on engine {which} is held over the next transactions");
        tally.Count("held readers");
        var expected = Dump.Of(Plain);
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var over = new ManualResetEventSlim();
        var reading = (await pair.AppAsync(which)).ReadAsync(connection =>
        {
            connection.Run("BEGIN");
            var before = Dump.Of(connection);
            began.SetResult();
            over.Wait();
            return (before, Dump.Of(connection));
        });
        try
        {
            await Task.WhenAny(began.Task, reading);
            for (int i = 1 + sample.Below(3); i > 0; i--)
            {
                await AloneAsync(steps.Next(Plain));
            }
        }
        finally
        {
            over.Set();
        }

        var (first, again) = await reading;
        Difference.AssertNone(expected, first, "What a reader saw");
        Difference.AssertNone(expected, again, "What a reader saw behind later commits");
    }

    private async Task QueryAsync()
    {
        string sql = steps.Query(Plain);
        int which = sample.Below(2);
        history.Add($"engine {which}, query: {sql}");
        tally.Count("queries");
        Difference.AssertNone([Direct.Query(Plain, sql)], [await Stored.QueryAsync(await pair.AppAsync(which), sql)], "A query's answer");
    }

    /// <summary>Runs a transaction on plain SQLite, now that its place in the order is known: it says what the engine has said.</summary>
    private void Compare(Step step, List<string> told)
    {
        var expected = Direct.Run(Plain, step);
        tally.Count(step, expected);
        Difference.AssertNone(expected, told, $"What was told about {Lines.Cut(step.Text)}\n");
    }
}
