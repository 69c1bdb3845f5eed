namespace OrleansSqlite.Tests;

/// <summary>A catalog whose databases all fail with one error, or never answer if there is none.</summary>
internal sealed class FailingCatalog(Exception? error) : IDatabaseCatalog, IDatabase
{
    private int asked;

    /// <summary>How often anything was asked.</summary>
    public int Asked => asked;

    public string StoreUrl => "memory:failing";

    public string Name => "db";

    public IDatabase Get(string name) => this;

    public async Task<DatabaseDescription> CreateAsync(string name, CancellationToken cancellation = default) => await FailAsync<DatabaseDescription>(cancellation);

    public async Task DeleteAsync(string name, CancellationToken cancellation = default) => await FailAsync<bool>(cancellation);

    public async IAsyncEnumerable<DatabaseDescription> ListAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
    {
        yield return await FailAsync<DatabaseDescription>(cancellation);
    }

    public Task<BatchResult> ExecuteAsync(Batch batch, CancellationToken cancellation = default) => FailAsync<BatchResult>(cancellation);

    public Task<IRowReader> QueryAsync(Statement statement, ReadLevel level = default, CancellationToken cancellation = default) => FailAsync<IRowReader>(cancellation);

    public Task<DatabaseDescription> DescribeAsync(ReadLevel level = default, CancellationToken cancellation = default) => FailAsync<DatabaseDescription>(cancellation);

    public Task<DatabaseDescription> ForkAsync(string name, string fork, ReadLevel at = default, CancellationToken cancellation = default) => FailAsync<DatabaseDescription>(cancellation);

    public Task<CollectionReport> CollectAsync(string name, bool dryRun = false, CancellationToken cancellation = default) => FailAsync<CollectionReport>(cancellation);

    public Task<DatabaseDescription> CompactAsync(string name, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default) => FailAsync<DatabaseDescription>(cancellation);

    public async IAsyncEnumerable<VersionDescription> HistoryAsync(
        long below = long.MaxValue, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
    {
        yield return await FailAsync<VersionDescription>(cancellation);
    }

    public Task<long> WaitForNewerAsync(long version, CancellationToken cancellation = default) => FailAsync<long>(cancellation);

    public Task<DatabaseDescription> RestoreAsync(ReadLevel at, CancellationToken cancellation = default) => FailAsync<DatabaseDescription>(cancellation);

    public Task<SnapshotDescription> CreateSnapshotAsync(string name, ReadLevel at = default, CancellationToken cancellation = default) => FailAsync<SnapshotDescription>(cancellation);

    public Task<IReadOnlyList<SnapshotDescription>> ListSnapshotsAsync(CancellationToken cancellation = default) => FailAsync<IReadOnlyList<SnapshotDescription>>(cancellation);

    public Task DropSnapshotAsync(string name, CancellationToken cancellation = default) => FailAsync<bool>(cancellation);

    public Task SetRetentionAsync(TimeSpan retention, CancellationToken cancellation = default) => FailAsync<bool>(cancellation);

    private async Task<T> FailAsync<T>(CancellationToken cancellation)
    {
        Interlocked.Increment(ref asked);
        if (error is not null)
        {
            throw error;
        }

        await Task.Delay(Timeout.Infinite, cancellation);
        throw new InvalidOperationException("Unreachable.");
    }
}
