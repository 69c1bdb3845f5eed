using OrleansSqlite.Pages;

namespace OrleansSqlite.Transfer;

/// <summary>Writes a snapshot as an ordinary SQLite file: beside its final name first, so that the file is whole or not there.</summary>
internal sealed class Export(EngineDatabase database, EngineThreads threads)
{
    /// <summary>Exports the newest version.</summary>
    public async Task<DatabaseDescription> RunAsync(
        string file, bool overwrite, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        string target = Path.GetFullPath(file);
        if (Directory.Exists(target))
        {
            throw Bad(file, "it is a directory");
        }

        if (!overwrite && File.Exists(target))
        {
            throw Bad(file, "there is a file of that name already; overwrite it explicitly or choose another name");
        }

        var head = await database.PinAsync(ReadLevel.Strong, cancellation).ConfigureAwait(false);
        try
        {
            await WriteBesideAsync(head.Snapshot, target, overwrite, progress, cancellation).ConfigureAwait(false);
            return EngineDatabase.Describe(database.Name, head.Head);
        }
        catch (Exception e) when (FileFailure.Is(e))
        {
            throw Bad(file, e.Message.TrimEnd('.'), e);
        }
        catch (Stores.StoreException e)
        {
            throw Errors.FromStore(database.Name, e);
        }
        finally
        {
            head.Snapshot.Release();
        }
    }

    private async Task WriteBesideAsync(
        Snapshot snapshot, string target, bool overwrite, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        if (!Directory.Exists(Path.GetDirectoryName(target)))
        {
            throw new DirectoryNotFoundException($"There is no directory {Path.GetDirectoryName(target)}.");
        }

        string part = $"{target}.{database.Context.Entropy.NextGuid():N}.part";
        try
        {
            await threads.RunAsync(() => Write(snapshot, part, progress, cancellation)).ConfigureAwait(false);
            File.Move(part, target, overwrite);
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static bool Write(Snapshot snapshot, string part, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        using var stream = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
        byte[] chunk = DatabaseFile.NewChunk(snapshot);
        while (stream.Length < snapshot.Bytes)
        {
            cancellation.ThrowIfCancellationRequested();
            stream.Write(chunk, 0, DatabaseFile.Fill(snapshot, stream.Length, chunk));
            progress?.Report(new(stream.Length, snapshot.Bytes, "write"));
        }

        stream.Flush(flushToDisk: true);
        return true;
    }

    private static DatabaseException Bad(string file, string why, Exception? inner = null) => new(
        ErrorKind.Invalid, ErrorCodes.BadFile, $"The file '{file}' can't be written: {why}.", inner);
}
