using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Orleans;

namespace OrleansSqlite.Client;

/// <summary>A database over its grain.</summary>
internal sealed class ClusterDatabase(
    string name, IGrainFactory grains, ClusterCall call, Entropy entropy, IOptions<OrleansSqliteClientOptions> options) : IDatabase
{
    /// <summary>How many versions one message brings: each message costs a look at the head, and what it says of a version is short.</summary>
    private const int HistoryPage = 1000;

    /// <inheritdoc/>
    public string Name => name;

    private IDatabaseGrain Grain => grains.GetGrain<IDatabaseGrain>(name);

    /// <inheritdoc/>
    public async Task<BatchResult> ExecuteAsync(Batch batch, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        cancellation.ThrowIfCancellationRequested();
        bool harmless = batch.OperationId is null && Repeatable.Is(batch);
        bool named = batch.OperationId is null && !harmless && options.Value.OperationIds;
        if (named)
        {
            batch = batch with { OperationId = entropy.NextGuid().ToString("N") };
        }

        var (result, first) = await call.RunAsync(
            name,
            () => ExecuteOverGrainAsync(batch, cancellation),
            engine => engine.Open(name).ExecuteAsync(batch, cancellation),
            repeatable: batch.OperationId is not null || harmless,
            writes: !harmless,
            cancellation).ConfigureAwait(false);

        // Under an id that is nobody's but ours the earlier run is this one.
        return named && !first ? result with { Repeated = false } : result;
    }

    /// <inheritdoc/>
    public async Task<IRowReader> QueryAsync(Statement statement, ReadLevel level = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(statement);
        var (reader, _) = await call.RunAsync(
            name,
            () => GrainRows.BeginAsync(name, Pieces(statement, level, cancellation), cancellation),
            engine => engine.Open(name).QueryAsync(statement, level, cancellation),
            repeatable: true,
            writes: false,
            cancellation).ConfigureAwait(false);
        return reader;
    }

    /// <inheritdoc/>
    public Task<DatabaseDescription> DescribeAsync(ReadLevel level = default, CancellationToken cancellation = default) => ReadAsync(
        () => level.Kind == ReadLevelKind.Strong
            ? Grain.DescribeAsync(level, cancellation)
            : grains.GetGrain<IDatabaseReaderGrain>(name).DescribeAsync(level, cancellation),
        engine => engine.Open(name).DescribeAsync(level, cancellation),
        cancellation);

    /// <inheritdoc/>
    public async IAsyncEnumerable<VersionDescription> HistoryAsync(
        long below = long.MaxValue, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (bool more = true; more;)
        {
            long from = below;
            var page = await ReadAsync(
                () => Grain.HistoryAsync(from, HistoryPage, cancellation),
                engine => engine.Open(name).HistoryAsync(from, cancellation).Take(HistoryPage).ToArrayAsync(cancellation).AsTask(),
                cancellation).ConfigureAwait(false);
            foreach (var version in page)
            {
                below = version.Version;
                yield return version;
            }

            more = page.Length == HistoryPage;
        }
    }

    /// <inheritdoc/>
    public async Task<long> WaitForNewerAsync(long version, CancellationToken cancellation = default)
    {
        while (true)
        {
            // In pieces: a call that takes longer than the patience with a silo counts as lost.
            long known = await ReadAsync(
                () => Grain.WaitForNewerAsync(version, call.LongestWait, cancellation),
                engine => engine.Open(name).WaitForNewerAsync(version, cancellation),
                cancellation).ConfigureAwait(false);
            if (known > version)
            {
                return known;
            }
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SnapshotDescription>> ListSnapshotsAsync(CancellationToken cancellation = default) => await ReadAsync(
        () => Grain.ListSnapshotsAsync(cancellation),
        async engine => [.. await engine.Open(name).ListSnapshotsAsync(cancellation).ConfigureAwait(false)],
        cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <remarks>Not repeated, be it of one version by its number: what others have written after the first one would be taken back.</remarks>
    public Task<DatabaseDescription> RestoreAsync(ReadLevel at, CancellationToken cancellation = default) => WriteAsync(
        () => Grain.RestoreAsync(at, cancellation),
        engine => engine.Open(name).RestoreAsync(at, cancellation),
        repeatable: false,
        "Look at the newest versions of its history to find out.",
        cancellation);

    /// <inheritdoc/>
    /// <remarks>Not repeated: it would find its own name taken.</remarks>
    public Task<SnapshotDescription> CreateSnapshotAsync(string snapshot, ReadLevel at = default, CancellationToken cancellation = default) => WriteAsync(
        () => Grain.CreateSnapshotAsync(snapshot, at, cancellation),
        engine => engine.Open(name).CreateSnapshotAsync(snapshot, at, cancellation),
        repeatable: false,
        "Look at the list of its snapshots to find out.",
        cancellation);

    /// <inheritdoc/>
    /// <remarks>Not repeated: it would find no such name, or one that somebody has given since.</remarks>
    public Task DropSnapshotAsync(string snapshot, CancellationToken cancellation = default) => WriteAsync(
        () => Grain.DropSnapshotAsync(snapshot, cancellation),
        async engine =>
        {
            await engine.Open(name).DropSnapshotAsync(snapshot, cancellation).ConfigureAwait(false);
            return true;
        },
        repeatable: false,
        "Look at the list of its snapshots to find out.",
        cancellation);

    /// <inheritdoc/>
    /// <remarks>Repeated: it says what is to hold, whatever held before.</remarks>
    public Task SetRetentionAsync(TimeSpan retention, CancellationToken cancellation = default) => WriteAsync(
        () => Grain.SetRetentionAsync(retention, cancellation),
        async engine =>
        {
            await engine.Open(name).SetRetentionAsync(retention, cancellation).ConfigureAwait(false);
            return true;
        },
        repeatable: true,
        "Its description says what holds.",
        cancellation);

    private async Task<T> ReadAsync<T>(Func<Task<Reply<T>>> overGrain, Func<DatabaseEngine, Task<T>> direct, CancellationToken cancellation)
    {
        var (result, _) = await call.RunAsync(name, overGrain, direct, repeatable: true, writes: false, cancellation).ConfigureAwait(false);
        return result;
    }

    private async Task<T> WriteAsync<T>(
        Func<Task<Reply<T>>> overGrain, Func<DatabaseEngine, Task<T>> direct, bool repeatable, string findOut, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var (result, _) = await call.RunAsync(name, overGrain, direct, repeatable, writes: true, cancellation, findOut).ConfigureAwait(false);
        return result;
    }

    /// <summary>
    /// A cancelled batch must not take effect afterwards, and a cancelled call of Orleans ends without knowing. So the caller's wish goes
    /// to the grain as a call of its own, and this one waits for what the grain says became of it.
    /// </summary>
    private async Task<Reply<BatchResult>> ExecuteOverGrainAsync(Batch batch, CancellationToken cancellation)
    {
        if (batch.OperationId is not { } id)
        {
            return await Grain.ExecuteAsync(batch, cancellation).ConfigureAwait(false);
        }

        var grain = Grain;
        await using var withdrawal = cancellation.UnsafeRegister(_ => grain.WithdrawAsync(id, CancellationToken.None).Ignore(), null).ConfigureAwait(false);
        return await grain.ExecuteAsync(batch, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>A strong read shares the grain's look at the store with all others; the rest, the past too, goes to the readers.</summary>
    private IAsyncEnumerable<Reply<RowPiece>> Pieces(Statement statement, ReadLevel level, CancellationToken cancellation)
    {
        var pieces = level.Kind == ReadLevelKind.Strong
            ? Grain.QueryAsync(statement, level, cancellation)
            : grains.GetGrain<IDatabaseReaderGrain>(name).QueryAsync(statement, level, cancellation);
        return pieces.WithBatchSize(GrainRows.PiecesAtOnce);
    }
}
