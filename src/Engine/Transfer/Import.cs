using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Transfer;

/// <summary>
/// Makes a database of a SQLite file: a copy without a WAL is taken first (so that a writer of the file does no harm), its pages go
/// into dense segments as they are read, and one swap brings them to life. One that was interrupted goes on when it is started again.
/// </summary>
internal sealed class Import(DatabaseContext context, EngineThreads threads)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly HeadReader reader = new(context);

    /// <summary>Imports the file.</summary>
    public async Task<DatabaseDescription> RunAsync(
        string file, bool replace, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        try
        {
            var existing = await reader.ReadAsync(cancellation).ConfigureAwait(false);
            if (existing is { Head.State: HeadState.Live } && !replace)
            {
                throw Errors.Exists(context.Name);
            }

            // Nobody else may read it: the copy holds all that the file does.
            var folder = Directory.CreateTempSubdirectory("orleans-sqlite-import-");
            try
            {
                string copy = Path.Combine(folder.FullName, "copy.db");
                await CopyAsync(file, copy, progress, cancellation).ConfigureAwait(false);
                using var source = new SourcePages(copy);
                return await BringInAsync(source, existing, progress, cancellation).ConfigureAwait(false);
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }
        catch (StoreException e)
        {
            throw Errors.FromStore(context.Name, e);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw SourceFile.Bad(file, e.Message.TrimEnd('.'), e);
        }
    }

    private async Task CopyAsync(string file, string copy, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        long began = context.Time.GetTimestamp();
        while (!await threads.RunAsync(() => SourceFile.TryCopy(file, copy, progress, cancellation)).ConfigureAwait(false))
        {
            if (context.Time.GetElapsedTime(began) > Patience)
            {
                throw SourceFile.Bad(file, "another program writes to it; try again when it is done");
            }

            await Task.Delay(Pause, context.Time, cancellation).ConfigureAwait(false);
        }

        await threads.RunAsync(() =>
        {
            SourceFile.Settle(file, copy, progress);
            return true;
        }).ConfigureAwait(false);
    }

    private async Task<DatabaseDescription> BringInAsync(
        SourcePages source, (Head Head, ETag Tag)? existing, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        while (true)
        {
            // A tombstone's collector may be at work on the name: what was uploaded before the tombstone was read is not relied upon.
            using var record = new ImportRecord(context, isTrusted: existing is null or { Head.State: HeadState.Live });

            // The segments belong to the database whose head names them, and to the collection epoch that they were uploaded under.
            var below = existing is { Head: { State: HeadState.Live } live } ? live : NewHead();
            var upload = new ImportUpload(context, threads, source, record, progress);
            (below, var entries) = await upload.RunAsync(below, cancellation).ConfigureAwait(false);
            var commit = new CommitRecord(new CommitId(context.Entropy.Next128()), context.CommitTimeMs(below));

            // What is replaced can be gone back to.
            var checkpoints = await CheckpointWriter.SaveAsync(context, below).ConfigureAwait(false);
            var next = below with
            {
                Version = below.Version + 1,
                SwapId = commit.Id,
                TimeMs = commit.TimeMs,
                PageBytes = source.PageBytes,
                PageCount = source.PageCount,
                Recent = [.. below.Recent.Skip(below.Recent.Length - Head.MaxRecent + 1), commit],
                Segments = entries,
                Frames = [],
                History = (below.History ?? new HeadHistory()) with { Checkpoints = checkpoints, BasePageCount = source.PageCount },
            };
            if (existing is not { Head.State: HeadState.Live })
            {
                // On exactly what was there before the upload: a collection that was begun since may have taken the upload away.
                if (await new Creation(context, threads).TryAsync(next, existing?.Tag).ConfigureAwait(false))
                {
                    await record.DeleteAsync().ConfigureAwait(false);
                    return EngineDatabase.Describe(context.Name, next);
                }

                cancellation.ThrowIfCancellationRequested();
                existing = await reader.ReadAsync(cancellation).ConfigureAwait(false);
                if (existing is { Head.State: HeadState.Live })
                {
                    throw Errors.Exists(context.Name);
                }

                continue;
            }

            Invariants.CheckCommit(context.Name, below, next);
            var end = await new Swap(context, threads, reader).RunAsync(next, existing?.Tag).ConfigureAwait(false);
            switch (end.Outcome)
            {
                case SwapOutcome.Landed:
                    await record.DeleteAsync().ConfigureAwait(false);
                    return EngineDatabase.Describe(context.Name, next);
                case SwapOutcome.Unknown:
                    throw Errors.OutcomeUnknown(context.Name, next.Version, end.Error, Errors.OverHistory);
                default:
                    cancellation.ThrowIfCancellationRequested();
                    existing = await reader.ReadAsync(cancellation).ConfigureAwait(false);
                    break;
            }
        }
    }

    private Head NewHead() => new()
    {
        DatabaseId = context.Entropy.NextGuid(),
        State = HeadState.Live,
        Version = 0,
        SwapId = default,
        CollectionEpoch = 0,
        TimeMs = context.NowMs(),
        PageBytes = 0,
        PageCount = 0,
        Recent = [],
        Segments = [],
        Frames = [],
    };
}
