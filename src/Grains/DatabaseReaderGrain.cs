using Orleans.Concurrency;

namespace OrleansSqlite.Grains;

/// <summary>Reads on this silo's own snapshots, which it renews as the levels ask for it.</summary>
[StatelessWorker(1)]
[Reentrant]
internal sealed class DatabaseReaderGrain(OpenDatabases databases) : Grain, IDatabaseReaderGrain
{
    private Lease? lease;

    private EngineDatabase Database => lease!.Database;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        lease = databases.Rent(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (lease is not null)
        {
            await lease.DisposeAsync();
        }
    }

    public IAsyncEnumerable<Reply<RowPiece>> QueryAsync(Statement statement, ReadLevel level, CancellationToken cancellation) =>
        RowStream.Of(Database, statement, level, cancellation);

    public Task<Reply<DatabaseDescription>> DescribeAsync(ReadLevel level, CancellationToken cancellation) =>
        Reply.OfAsync(Database.DescribeAsync(level, cancellation));
}
