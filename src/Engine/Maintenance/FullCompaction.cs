using OrleansSqlite.Commit;
using OrleansSqlite.Format;

namespace OrleansSqlite.Maintenance;

/// <summary>Merges all segments of a database. If a flush of somebody else's has taken some of them in meanwhile, it begins anew with what is there.</summary>
internal sealed class FullCompaction(DatabaseContext context, EngineThreads threads)
{
    private const int Attempts = 5;

    /// <summary>Compacts.</summary>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The head after it.</returns>
    public async Task<Head> RunAsync(IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            var found = await new HeadReader(context).ReadAsync(cancellation).ConfigureAwait(false);
            if (found is not { Head: { State: HeadState.Live } head })
            {
                throw Errors.NotFound(context.Name);
            }

            if (head.Segments.Length < 2)
            {
                return head;
            }

            var compaction = await Compaction.RunAsync(context, threads, head, .., progress, cancellation).ConfigureAwait(false);
            if (compaction.Added.IsEmpty)
            {
                return head;
            }

            bool applies = true;
            var (_, after) = await new MaintenanceSwap(context, threads).RunAsync(
                async (now, _) =>
                {
                    applies = compaction.AppliesTo(now);
                    return !applies ? null : now with
                    {
                        Segments = compaction.Apply(now.Segments),
                        History = (now.History ?? new HeadHistory()) with { Checkpoints = await CheckpointWriter.SaveAsync(context, now).ConfigureAwait(false) },
                    };
                },
                cancellation).ConfigureAwait(false);
            if (applies || attempt == Attempts)
            {
                return after;
            }
        }
    }
}
