using OrleansSqlite.Simulation.Clock;
using OrleansSqlite.Simulation.Processes;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Simulation.Store;

/// <summary>What the requests of one process share.</summary>
/// <param name="World">The time.</param>
/// <param name="Trace">What is written down.</param>
/// <param name="Weather">What goes wrong.</param>
/// <param name="Instance">The process.</param>
/// <param name="Dice">What decides.</param>
internal sealed record Link(World World, Trace Trace, Weather Weather, Instance Instance, Dice Dice)
{
    /// <summary>The store's URL.</summary>
    public const string Url = "s3://simulated";

    private readonly List<Action> waiting = [];
    private bool isClosed;
    private int requests;

    /// <summary>The number of the next request.</summary>
    public int Count() => ++requests;

    /// <summary>Nothing gets through any more, and whoever waits for an answer is told so.</summary>
    public void Close()
    {
        isClosed = true;
        foreach (var refuse in waiting.ToArray())
        {
            refuse();
        }
    }

    /// <summary>Waits for an answer.</summary>
    public async Task<T> AwaitAsync<T>(TaskCompletionSource<T> answer, string key, CancellationToken cancellation)
    {
        waiting.Add(Refuse);
        try
        {
            if (isClosed)
            {
                Refuse();
            }

            return await answer.Task.WaitAsync(cancellation);
        }
        finally
        {
            waiting.Remove(Refuse);
        }

        void Refuse() => answer.TrySetException(new StoreException(StoreFailure.Denied, Url, key, "The process has died."));
    }
}
