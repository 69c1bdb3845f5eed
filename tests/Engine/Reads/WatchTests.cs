using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Reads;

/// <summary>Waiting for commits: soon told, and hardly a request where nothing happens.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task What_this_process_commits_shows_without_a_request()
    {
        await using var scene = await Scene.WithAsync(1, "CREATE TABLE t(v)");
        Assert.Equal(1, await scene[0].Database.WaitForNewerAsync(0));
        var wait = scene[0].Database.WaitForNewerAsync(1);
        Assert.False(wait.IsCompleted);
        int before = Looks(scene[0]);
        await scene[0].RunAsync("INSERT INTO t VALUES (1)");
        Assert.Equal(2, await wait.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(before, Looks(scene[0]));
    }

    [Fact]
    public async Task What_others_commit_shows_and_a_database_at_rest_is_hardly_asked()
    {
        await using var scene = await Scene.WithAsync(2, "CREATE TABLE t(v)");
        int before = Looks(scene[0]);
        var waits = Enumerable.Range(0, 10).Select(_ => scene[0].Database.WaitForNewerAsync(1)).ToArray();
        await Task.Delay(TimeSpan.FromMinutes(10), scene.Time);

        // Ten wait for ten minutes: a few requests at the beginning, then four a minute.
        Assert.InRange(Looks(scene[0]) - before, 38, 48);
        Assert.All(waits, wait => Assert.False(wait.IsCompleted));

        var began = scene.Time.Elapsed;
        await scene[1].RunAsync("INSERT INTO t VALUES (1)");
        Assert.All(await Task.WhenAll(waits).WaitAsync(TimeSpan.FromSeconds(60)), version => Assert.Equal(2, version));
        Assert.InRange(scene.Time.Elapsed - began, TimeSpan.Zero, TimeSpan.FromSeconds(20));

        // Nobody waits: nothing is asked.
        before = scene[0].Store.Requests.Count;
        await Task.Delay(TimeSpan.FromMinutes(10), scene.Time);
        Assert.Equal(before, scene[0].Store.Requests.Count);
    }

    [Fact]
    public async Task Waiting_ends_when_it_is_cancelled_and_with_the_database()
    {
        await using var scene = await Scene.WithAsync(2, "CREATE TABLE t(v)");
        using var cancellation = new CancellationTokenSource();
        var cancelled = scene[0].Database.WaitForNewerAsync(1, cancellation.Token);
        var deleted = scene[0].Database.WaitForNewerAsync(1);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await scene[1].Engine.DeleteAsync(Scene.Name);
        var error = await Assert.ThrowsAsync<DatabaseException>(() => deleted.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(ErrorCodes.DatabaseGone, error.Code);
    }

    private static int Looks(Process process) => process.Store.Requests.Count(request => request.Key == Scene.HeadKey && request.Verb == StoreVerb.Read);
}
