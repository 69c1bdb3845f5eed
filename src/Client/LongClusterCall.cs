using Orleans;

namespace OrleansSqlite.Client;

/// <summary>
/// A call that may take longer than a message may wait for its answer. The grain is asked again and again until it is done, so that one that goes
/// on for an hour is told from a silo that does not answer; another activation, or this process by itself, begins it anew.
/// </summary>
internal sealed class LongClusterCall(IGrainFactory grains, ClusterCall call, Entropy entropy)
{
    /// <summary>Makes the call. It must be harmless to make it twice, even at once.</summary>
    /// <param name="database">The database's name.</param>
    /// <param name="ask">Asks the grain for the call with that id, for that long.</param>
    /// <param name="direct">The same straight to the store.</param>
    /// <param name="progress">Told how far it is, if given.</param>
    /// <param name="cancellation">The caller's.</param>
    public async Task<T> RunAsync<T>(
        string database,
        Func<IDatabaseGrain, string, TimeSpan, Task<Reply<Stage<T>>>> ask,
        Func<DatabaseEngine, Task<T>> direct,
        IProgress<TransferProgress>? progress,
        CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var grain = grains.GetGrain<IDatabaseGrain>(database);
        string id = entropy.NextGuid().ToString("N");
        await using var withdrawal = cancellation.UnsafeRegister(_ => grain.WithdrawAsync(id, CancellationToken.None).Ignore(), null).ConfigureAwait(false);
        while (true)
        {
            // Nothing that a reader could see is changed by it, so no doubt is left over from an attempt without an answer.
            var (stage, _) = await call.RunAsync(
                database,
                () => ask(grain, id, call.LongestWait),
                async engine => new Stage<T> { Result = await direct(engine).ConfigureAwait(false), IsDone = true },
                repeatable: true,
                writes: false,
                cancellation).ConfigureAwait(false);
            if (stage.IsDone)
            {
                return stage.Result!;
            }

            if (stage.Progress is { } come)
            {
                progress?.Report(come);
            }

            if (cancellation.IsCancellationRequested)
            {
                // The wish may have come before the call, or while it was on its way from one activation to the next.
                grain.WithdrawAsync(id, CancellationToken.None).Ignore();
                throw new OperationCanceledException(cancellation);
            }
        }
    }
}
