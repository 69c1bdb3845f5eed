namespace OrleansSqlite.Tests.Faults;

/// <summary>A request that is held back until the test lets it go.</summary>
internal sealed class Held
{
    private readonly TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Held()
    {
    }

    /// <summary>Done when the request has come.</summary>
    public Task Arrived => arrived.Task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Holds the next request of that verb.</summary>
    public static Held Next(FaultyStore store, StoreVerb verb, Fault? then = null)
    {
        var held = new Held();
        store.BeforeNext(
            verb,
            () =>
            {
                held.arrived.SetResult();
                return held.released.Task;
            },
            then);
        return held;
    }

    /// <summary>Lets it go.</summary>
    public void Release() => released.TrySetResult();
}
