using OrleansSqlite.Commit;

namespace OrleansSqlite.Tests.Faults;

/// <summary>
/// Several processes work on one database at once over connections that fail in every way; some die, some are restarted. In the end
/// every acknowledged write is there exactly once, every refused one is absent, every unknown one is there at most once, and all agree.
/// </summary>
internal sealed class History(ulong seed, int processes, int callers, int steps, FaultRates rates)
{
    private readonly Entropy entropy = new(seed);
    private readonly Workload workload = new(new Entropy(seed + 1));
    private readonly List<Process> dead = [];

    /// <summary>Everything that was asked for, with its end.</summary>
    public IReadOnlyCollection<Operation> Operations => workload.Operations;

    /// <summary>How many processes died on the way.</summary>
    public int Deaths => dead.Count;

    /// <summary>Runs it, and checks what is left.</summary>
    public async Task RunAsync()
    {
        await using var scene = new Scene(seed) { Combines = seed % 2 == 0 };
        var founder = await scene.JoinAsync();
        await founder.Engine.CreateAsync(Scene.Name);
        await founder.RunAllAsync(Workload.Schema);
        await Task.WhenAll(Enumerable.Range(0, processes).Select(_ => LiveAsync(scene)));

        // What is still on its way arrives now, and changes nothing any more than a lost request would.
        foreach (var process in scene.Processes)
        {
            process.Store.Rates = FaultRates.None;
            await process.Store.SettleAsync();
        }

        await new HistoryCheck(scene, workload.Operations).RunAsync();
    }

    /// <summary>One process after the other, each until it dies or is stopped, as long as there is something left to do.</summary>
    private async Task LiveAsync(Scene scene)
    {
        for (int left = steps; left > 0;)
        {
            int turn = Math.Min(left, 10 + (int)(entropy.NextDouble() * steps));
            left -= turn;
            bool dies = entropy.NextDouble() < 0.3;
            int passings = dies ? (int)(entropy.NextDouble() * 40) : int.MaxValue;
            var death = new TaskCompletionSource();
            var process = await scene.JoinAsync(Options(), async _ =>
            {
                if (Interlocked.Decrement(ref passings) < 0)
                {
                    death.TrySetResult();
                    await Task.Delay(Timeout.Infinite);
                }
            });
            process.Store.Rates = rates;
            var work = Task.WhenAll(Enumerable.Range(0, callers).Select(_ => WorkAsync(process, turn)));
            bool isDone = await Task.WhenAny(work, death.Task) == work;
            if (isDone)
            {
                await work;
            }

            // What it still does in the background may have died all the same; from here on it does not.
            if (isDone && Interlocked.Exchange(ref passings, int.MaxValue) >= 0)
            {
                if (left > 0)
                {
                    await process.DisposeAsync();
                }
            }
            else
            {
                // Its callers never hear of what they asked for.
                process.IsDead = true;
                lock (dead)
                {
                    dead.Add(process);
                }
            }
        }
    }

    private async Task WorkAsync(Process process, int turn)
    {
        await Task.Yield();
        for (int i = 0; i < turn && !process.IsDead; i++)
        {
            await (entropy.NextDouble() < 0.2 ? workload.ReadAsync(process.Database) : workload.WriteAsync(process));
        }
    }

    private DatabaseOptions Options() => new()
    {
        Threads = 2,
        InlineBytes = entropy.NextDouble() < 0.5 ? 4 << 10 : 64 << 10,
        PageCacheBytes = 1 << 20,
        RetryTime = TimeSpan.FromSeconds(30),
    };
}
