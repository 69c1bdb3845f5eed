using Microsoft.Extensions.Options;
using Orleans;

namespace OrleansSqlite.Client;

/// <summary>A database over its grain.</summary>
internal sealed class ClusterDatabase(
    string name, IGrainFactory grains, ClusterCall call, Entropy entropy, IOptions<OrleansSqliteClientOptions> options) : IDatabase
{
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
    public async Task<DatabaseDescription> DescribeAsync(ReadLevel level = default, CancellationToken cancellation = default)
    {
        var (description, _) = await call.RunAsync(
            name,
            () => level.Kind == ReadLevelKind.Strong
                ? Grain.DescribeAsync(level, cancellation)
                : grains.GetGrain<IDatabaseReaderGrain>(name).DescribeAsync(level, cancellation),
            engine => engine.Open(name).DescribeAsync(level, cancellation),
            repeatable: true,
            writes: false,
            cancellation).ConfigureAwait(false);
        return description;
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

    /// <summary>A strong read shares the grain's look at the store with all others; the rest goes to the readers.</summary>
    private IAsyncEnumerable<Reply<RowPiece>> Pieces(Statement statement, ReadLevel level, CancellationToken cancellation)
    {
        var pieces = level.Kind == ReadLevelKind.Strong
            ? Grain.QueryAsync(statement, level, cancellation)
            : grains.GetGrain<IDatabaseReaderGrain>(name).QueryAsync(statement, level, cancellation);
        return pieces.WithBatchSize(GrainRows.PiecesAtOnce);
    }
}
