using OrleansSqlite.Commit;
using OrleansSqlite.Pages;
using OrleansSqlite.Verification;

namespace OrleansSqlite;

/// <content>Reading back what is stored, and what to do if it is damaged.</content>
public sealed partial class DatabaseEngine
{
    private const long VerificationCacheBytes = 64L << 20;

    /// <summary>
    /// Reads a database back from the store, past all caches: everything that its head names, every checksum, every page where it should stand, and then SQLite's own
    /// <c>integrity_check</c> and <c>foreign_key_check</c>. It goes on after what it finds, and reports all of it. Safe while others read and write.
    /// </summary>
    /// <param name="name">The database.</param>
    /// <param name="history">Whether also everything is read that can be gone back to: saved heads, named snapshots.</param>
    /// <param name="version">The version that is read page by page; the newest if not given.</param>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseNotFound"/>; <see cref="ErrorCodes.SnapshotTooOld"/> if a collection has taken away meanwhile what was being
    /// read: verify it again; <see cref="ErrorCodes.VersionGone"/>; <see cref="ErrorCodes.TooNew"/>; or the store's failure. Damage is no error here: it is what is reported.</exception>
    public Task<VerificationReport> VerifyAsync(
        string name, bool history = false, long? version = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default) =>
        ReadingBackAsync(name, async reading => (await new Verifier(reading, threads, progress).RunAsync(version, history, cancellation).ConfigureAwait(false)).Report);

    /// <summary>
    /// Makes the newest version that is whole the newest one again. It is looked for among all that can be gone back to. If the head itself is damaged, it is replaced by one that goes on from
    /// what is left. Deletes nothing: what was there before stays in the history, or beside it.
    /// </summary>
    /// <param name="name">The database.</param>
    /// <param name="dryRun">Whether only to say what would be done, and what would be lost.</param>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it; the database is then as before.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.NothingToRepair"/> if the newest version is whole; <see cref="ErrorCodes.Damaged"/> if none is;
    /// <see cref="ErrorCodes.VersionMismatch"/> if somebody has written meanwhile; or the store's failure.</exception>
    public Task<RepairReport> RepairAsync(string name, bool dryRun = false, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default) =>
        ReadingBackAsync(name, reading => new Repair(Context(name), reading, threads).RunAsync(dryRun, progress, cancellation));

    /// <summary>
    /// Writes what can be read of the newest version to a file, for recovery by hand. Pages that are lost are zeroes in it, so it need not be a database that SQLite opens.
    /// </summary>
    /// <param name="name">The database.</param>
    /// <param name="file">The file's path.</param>
    /// <param name="overwrite">Whether a file of that name is replaced; otherwise its existence is an error.</param>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it; no file is left then.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadFile"/>, <see cref="ErrorCodes.DatabaseNotFound"/>, <see cref="ErrorCodes.Damaged"/> if nothing can be read, or the store's failure.</exception>
    public Task<SalvageReport> SalvageAsync(
        string name, string file, bool overwrite = false, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default) =>
        ReadingBackAsync(name, reading => new Salvage(reading, threads).RunAsync(file, overwrite, progress, cancellation));

    /// <summary>Something that reads a database past all that this process knows of it: what is checked is what the store has.</summary>
    private async Task<T> ReadingBackAsync<T>(string name, Func<DatabaseContext, Task<T>> work)
    {
        DatabaseName.Check(name);
        using var own = new PageCache(Math.Min(options.PageCacheBytes, VerificationCacheBytes));
        try
        {
            var context = new DatabaseContext(name, store, own, options, time, entropy, logger) { AtPoint = AtPoint, Times = Times };
            ContextMade?.Invoke(context);
            return await Guarded(name, () => new ValueTask<T>(work(context))).ConfigureAwait(false);
        }
        finally
        {
            await own.Ahead.DisposeAsync().ConfigureAwait(false);
        }
    }
}
