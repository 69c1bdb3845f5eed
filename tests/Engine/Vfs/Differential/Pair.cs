using OrleansSqlite.Commit;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Two engines on one store, with a database that both have open.</summary>
internal sealed class Pair(Sample sample, DatabaseOptions options) : IAsyncDisposable
{
    public const string Name = "app";

    private readonly MemoryStore store = new();
    private readonly DatabaseEngine?[] engines = new DatabaseEngine?[2];
    private Func<Task>? rival;
    private int rivalOf;

    /// <summary>Whether swaps take a while, so that what comes meanwhile piles up.</summary>
    public bool IsSlow { get; set; }

    public async Task<EngineDatabase> AppAsync(int which) => (await EngineAsync(which)).Open(Name);

    public async Task<DatabaseEngine> EngineAsync(int which)
    {
        if (engines[which] is { } open)
        {
            return open;
        }

        var engine = await DatabaseEngine.OpenAsync(store, options, entropy: new Entropy(sample.Next()));
        engine.AtPoint = async point =>
        {
            if (point == CommitPoint.SwapSending && IsSlow)
            {
                await Task.Delay(2);
            }

            if (which == rivalOf && point == CommitPoint.Planned && Interlocked.Exchange(ref rival, null) is { } first)
            {
                await first();
            }
        };
        return engines[which] = engine;
    }

    /// <summary>Lets something happen once an engine has planned its next commit, which then comes too late.</summary>
    public void LetOvertake(int which, Func<Task> first)
    {
        rivalOf = which;
        rival = first;
    }

    /// <summary>No commit was planned, so nothing was overtaken: takes the rival back. False if it has run.</summary>
    public bool TakeBack() => Interlocked.Exchange(ref rival, null) is not null;

    /// <summary>Closes an engine; its next use opens it anew.</summary>
    public async Task CloseAsync(int which)
    {
        await (engines[which]?.DisposeAsync() ?? ValueTask.CompletedTask);
        engines[which] = null;
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync(0);
        await CloseAsync(1);
    }
}
