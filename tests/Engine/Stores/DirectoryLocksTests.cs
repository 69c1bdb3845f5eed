using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

public sealed class DirectoryLocksTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryDirectory directory = new();

    public Task InitializeAsync()
    {
        Directory.CreateDirectory(directory.Path);
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        directory.Delete();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lock_is_held_by_one_at_a_time(bool sameProcessObject)
    {
        DirectoryLocks mine = Locks();
        DirectoryLocks theirs = sameProcessObject ? mine : Locks();
        IDisposable held = await mine.TakeAsync("db/head", None);
        Task<IDisposable> waiting = theirs.TakeAsync("db/head", None).AsTask();
        await Task.Delay(100);
        Assert.False(waiting.IsCompleted);
        held.Dispose();
        (await waiting.WaitAsync(TimeSpan.FromSeconds(10))).Dispose();
        (await mine.TakeAsync("db/head", None)).Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_holder_that_does_not_let_go_is_unavailable_and_harms_nobody_after(bool sameProcessObject)
    {
        DirectoryLocks mine = Locks();
        DirectoryLocks theirs = sameProcessObject ? mine : Locks();
        using (await mine.TakeAsync("db/head", None))
        {
            StoreException error = await Assert.ThrowsAsync<StoreException>(async () => await theirs.TakeAsync("db/head", None));
            Assert.Equal(StoreFailure.Unavailable, error.Failure);
            using var impatience = new CancellationTokenSource(20);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await theirs.TakeAsync("db/head", impatience.Token));
        }

        (await theirs.TakeAsync("db/head", None)).Dispose();
    }

    [Fact]
    public async Task Keys_are_spread_over_the_locks()
    {
        // A database's objects must not all wait for each other.
        DirectoryLocks locks = Locks();
        for (int i = 0; i < 1000; i++)
        {
            (await locks.TakeAsync($"db/segments/{i:x32}", None)).Dispose();
        }

        Assert.InRange(Directory.GetFiles(directory.Path).Length, 200, 256);
    }

    private DirectoryLocks Locks() =>
        new(directory.Path, "file:test", TimeProvider.System, Entropy.System) { Patience = TimeSpan.FromMilliseconds(300) };
}
