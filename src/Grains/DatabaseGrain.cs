using System.Buffers;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace OrleansSqlite.Grains;

/// <summary>
/// A shell around a database of this silo's engine. Its calls interleave: SQLite runs on the engine's threads, and the engine's queue is
/// what puts the writers in line, refuses when it is full, and runs again what lost a race to a writer elsewhere.
/// </summary>
[Reentrant]
internal sealed class DatabaseGrain(OpenDatabases databases, DatabaseEngine engine, TimeProvider time, ILocalSiloDetails silo)
    : Grain, IDatabaseGrain, IGrainMigrationParticipant
{
    private const string WarmHead = "head";
    private const string WarmTag = "tag";
    private readonly Dictionary<string, CancellationTokenSource> named = [];
    private readonly LongCalls longCalls = new(time);
    private int running;
    private Lease? lease;
    private WarmState? warm;

    private EngineDatabase Database => lease!.Database;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        lease = databases.Rent(this.GetPrimaryKeyString());
        if (warm is not null)
        {
            await Database.WarmAsync(warm);
            warm = null;
        }

        // Whether the state is the newest shows here rather than by the first write's lost race. That there is no such database, or no
        // store at the moment, is for the callers to hear.
        await Reply.OfAsync(Database.DescribeAsync(ReadLevel.Strong, cancellationToken));
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await longCalls.EndAsync();
        if (lease is not null)
        {
            await lease.DisposeAsync();
        }
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext)
    {
        if (lease?.Database.CopyWarmState() is { } known)
        {
            dehydrationContext.AddBytes(WarmHead, known.Head.Span);
            dehydrationContext.TryAddValue(WarmTag, known.Tag);
        }
    }

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        if (rehydrationContext.TryGetBytes(WarmHead, out var head) && rehydrationContext.TryGetValue(WarmTag, out string? tag))
        {
            warm = new WarmState(head.ToArray(), tag);
        }
    }

    public async Task<Reply<BatchResult>> ExecuteAsync(Batch batch, CancellationToken cancellation)
    {
        using var withdrawal = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bool added = batch.OperationId is { } id && named.TryAdd(id, withdrawal);
        running++;
        try
        {
            return await Reply.OfAsync(Database.ExecuteAsync(batch, withdrawal.Token));
        }
        finally
        {
            running--;
            if (added)
            {
                named.Remove(batch.OperationId!);
            }
        }
    }

    public Task WithdrawAsync(string operationId, CancellationToken cancellation) =>
        named.TryGetValue(operationId, out var withdrawal) ? withdrawal.CancelAsync() : longCalls.WithdrawAsync(operationId);

    public IAsyncEnumerable<Reply<RowPiece>> QueryAsync(Statement statement, ReadLevel level, CancellationToken cancellation) =>
        RowStream.Of(Database, statement, level, cancellation);

    public Task<Reply<DatabaseDescription>> DescribeAsync(ReadLevel level, CancellationToken cancellation) =>
        Reply.OfAsync(Database.DescribeAsync(level, cancellation));

    public Task<Reply<DatabaseDescription>> CreateAsync(CancellationToken cancellation) =>
        Reply.OfAsync(engine.CreateAsync(Database.Name, cancellation));

    public Task<Reply<bool>> DeleteAsync(CancellationToken cancellation) => Reply.OfAsync(DoneAsync(engine.DeleteAsync(Database.Name, cancellation)));

    public Task<Reply<VersionDescription[]>> HistoryAsync(long below, int limit, CancellationToken cancellation) =>
        Reply.OfAsync(Database.HistoryAsync(below, cancellation).Take(limit).ToArrayAsync(cancellation).AsTask());

    public Task<Reply<long>> WaitForNewerAsync(long version, TimeSpan wait, CancellationToken cancellation) =>
        Reply.OfAsync(NewerAsync(version, wait, cancellation));

    public Task<Reply<DatabaseDescription>> RestoreAsync(ReadLevel at, CancellationToken cancellation) =>
        Reply.OfAsync(Database.RestoreAsync(at, cancellation));

    public Task<Reply<SnapshotDescription>> CreateSnapshotAsync(string name, ReadLevel at, CancellationToken cancellation) =>
        Reply.OfAsync(Database.CreateSnapshotAsync(name, at, cancellation));

    public Task<Reply<SnapshotDescription[]>> ListSnapshotsAsync(CancellationToken cancellation) =>
        Reply.OfAsync(SnapshotsAsync(cancellation));

    public Task<Reply<bool>> DropSnapshotAsync(string name, CancellationToken cancellation) =>
        Reply.OfAsync(DoneAsync(Database.DropSnapshotAsync(name, cancellation)));

    public Task<Reply<bool>> SetRetentionAsync(TimeSpan retention, CancellationToken cancellation) =>
        Reply.OfAsync(DoneAsync(Database.SetRetentionAsync(retention, cancellation)));

    public Task<Reply<DatabaseDescription>> ForkAsync(string fork, ReadLevel at, CancellationToken cancellation) =>
        Reply.OfAsync(engine.ForkAsync(Database.Name, fork, at, cancellation));

    public Task<Reply<Stage<CollectionReport>>> CollectAsync(string callId, bool dryRun, TimeSpan wait, CancellationToken cancellation)
    {
        string name = Database.Name;
        return Reply.OfAsync(longCalls.AskAsync(callId, wait, (_, stopped) => engine.CollectAsync(name, dryRun, stopped), cancellation));
    }

    public Task<Reply<Stage<DatabaseDescription>>> CompactAsync(string callId, TimeSpan wait, CancellationToken cancellation)
    {
        string name = Database.Name;
        return Reply.OfAsync(longCalls.AskAsync(callId, wait, (progress, stopped) => engine.CompactAsync(name, progress, stopped), cancellation));
    }

    public Task<DatabaseStatus> StatusAsync(CancellationToken cancellation) => Task.FromResult(new DatabaseStatus(
        Database.KnownVersion, running, Database.StackedCount, Database.LossesInARow, silo.SiloAddress.ToString()));

    private async Task<long> NewerAsync(long version, TimeSpan wait, CancellationToken cancellation)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        both.CancelAfter(wait);
        try
        {
            return await Database.WaitForNewerAsync(version, both.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return version;
        }
    }

    private static async Task<bool> DoneAsync(Task call)
    {
        await call;
        return true;
    }

    private async Task<SnapshotDescription[]> SnapshotsAsync(CancellationToken cancellation) => [.. await Database.ListSnapshotsAsync(cancellation)];
}
