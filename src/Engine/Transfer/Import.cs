using System.Buffers.Binary;
using System.Collections.Immutable;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Transfer;

/// <summary>
/// Makes a database of a SQLite file: a copy without a WAL is taken first (so that a writer of the file does no harm), its pages go
/// into dense segments as they are read, and one swap brings them to life.
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
                var stream = new FileStream(copy, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
                await using (stream.ConfigureAwait(false))
                {
                    return await BringInAsync(stream, existing, replace, progress, cancellation).ConfigureAwait(false);
                }
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
        FileStream file, (Head Head, ETag Tag)? existing, bool replace, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        while (true)
        {
            // The segments belong to the database whose head names them, and to the collection epoch that they were uploaded under.
            var below = existing is { Head: { State: HeadState.Live } live } ? live : NewHead();
            var (pageBytes, pageCount, entries) = await UploadAsync(file, below, progress, cancellation).ConfigureAwait(false);
            var commit = new CommitRecord(new CommitId(context.Entropy.Next128()), context.CommitTimeMs(below));

            // What is replaced can be gone back to.
            var checkpoints = await CheckpointWriter.SaveAsync(context, below).ConfigureAwait(false);
            var next = below with
            {
                Version = below.Version + 1,
                SwapId = commit.Id,
                TimeMs = commit.TimeMs,
                PageBytes = pageBytes,
                PageCount = pageCount,
                Recent = [.. below.Recent.Skip(below.Recent.Length - Head.MaxRecent + 1), commit],
                Segments = entries,
                Frames = [],
                History = (below.History ?? new HeadHistory()) with { Checkpoints = checkpoints, BasePageCount = pageCount },
            };
            if (existing is not { Head.State: HeadState.Live })
            {
                return await new Creation(context, threads).RunAsync(next, cancellation).ConfigureAwait(false);
            }

            Invariants.CheckCommit(context.Name, below, next);
            var end = await new Swap(context, threads, reader).RunAsync(next, existing?.Tag).ConfigureAwait(false);
            switch (end.Outcome)
            {
                case SwapOutcome.Landed:
                    return EngineDatabase.Describe(context.Name, next);
                case SwapOutcome.Unknown:
                    throw Errors.OutcomeUnknown(context.Name, next.Version, end.Error);
                default:
                    cancellation.ThrowIfCancellationRequested();
                    existing = await reader.ReadAsync(cancellation).ConfigureAwait(false);
                    file.Position = 0;
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

    private async Task<(int PageBytes, uint PageCount, ImmutableArray<SegmentEntry> Entries)> UploadAsync(
        FileStream file, Head below, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        if (file.Length == 0)
        {
            return (0, 0, []);
        }

        int pageBytes = await ReadPageBytesAsync(file, cancellation).ConfigureAwait(false);
        uint pageCount = (uint)(file.Length / pageBytes);
        var entries = ImmutableArray.CreateBuilder<SegmentEntry>();
        byte[] image = new byte[pageBytes];
        for (uint page = 1; page <= pageCount;)
        {
            var builder = new SegmentBuilder(
                new SegmentId(context.Entropy.Next128()), below.DatabaseId, pageBytes, SegmentKind.Dense);
            for (; page <= pageCount && builder.RawBytes < Flush.SegmentRawBytes; page++)
            {
                await file.ReadExactlyAsync(image, cancellation).ConfigureAwait(false);
                builder.Add(page, image);
            }

            var built = builder.Finish(below.Version + 1, below.Version + 1, below.CollectionEpoch, []);
            string key = context.Keys.Segment(built.Entry.Id);
            await context.Store.WriteAsync(key, built.Content, cancellation).ConfigureAwait(false);
            entries.Add(built.Entry);
            progress?.Report(new((long)(page - 1) * pageBytes, file.Length, "upload"));
        }

        return (pageBytes, pageCount, entries.ToImmutable());
    }

    private static async Task<int> ReadPageBytesAsync(FileStream file, CancellationToken cancellation)
    {
        byte[] header = new byte[18];
        await file.ReadExactlyAsync(header, cancellation).ConfigureAwait(false);
        file.Position = 0;
        int stored = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(16));
        return stored == 1 ? 65536 : stored;
    }
}
