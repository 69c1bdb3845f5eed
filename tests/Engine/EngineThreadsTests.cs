namespace OrleansSqlite.Tests;

/// <summary>Work that does not end takes no thread away from other work for long.</summary>
public sealed class EngineThreadsTests
{
    [Fact]
    public async Task Where_all_threads_are_held_up_others_take_their_place()
    {
        using var threads = new EngineThreads(2);
        using var held = new ManualResetEventSlim();
        var stuck = Enumerable.Range(0, 6).Select(_ => threads.RunAsync(() =>
        {
            held.Wait();
            return 0;
        })).ToArray();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(i, await threads.RunAsync(() => i).WaitAsync(TimeSpan.FromSeconds(60)));
        }

        Assert.All(stuck, work => Assert.False(work.IsCompleted));
        held.Set();
        await Task.WhenAll(stuck).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(7, await threads.RunAsync(() => 7).WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public void Work_after_the_end_is_refused()
    {
        var threads = new EngineThreads(1);
        threads.Dispose();
        Assert.False(threads.Post(() => { }));
    }
}
