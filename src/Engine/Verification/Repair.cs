using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Maintenance;
using OrleansSqlite.TimeTravel;

namespace OrleansSqlite.Verification;

/// <summary>
/// Makes the newest version that is whole the newest one. If the head can be read, that is a restore: a commit like any other. If not, the damaged object is
/// replaced, on the condition that it is still the same one. Nothing is deleted.
/// </summary>
/// <param name="context">The database.</param>
/// <param name="reading">The same one without what this process has in memory or on disk.</param>
/// <param name="threads">Where SQLite runs.</param>
internal sealed class Repair(DatabaseContext context, DatabaseContext reading, EngineThreads threads)
{
    /// <summary>Repairs.</summary>
    /// <param name="dryRun">Whether only to say what would be done.</param>
    /// <param name="progress">Told of bytes done, if given.</param>
    /// <param name="cancellation">Stops it before its swap.</param>
    public async Task<RepairReport> RunAsync(bool dryRun, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        var survey = await new Verifier(reading, threads, progress).RunAsync(null, true, cancellation).ConfigureAwait(false);
        if (survey.Head is { } head && survey.IsVerifiedWhole)
        {
            throw NothingToRepair(head, survey.Report);
        }

        var (chosen, snapshot) = await ChooseAsync(survey, cancellation).ConfigureAwait(false) ?? throw NothingWhole(survey.Report);
        long? made = null;
        if (!dryRun)
        {
            made = survey.Head is { } damaged
                ? await RestoreAsync(damaged, chosen, snapshot, cancellation).ConfigureAwait(false)
                : await new HeadReplacement(context, threads).RunAsync(survey, chosen, progress, cancellation).ConfigureAwait(false);
        }

        var newest = survey.Head ?? survey.Survivors!.Line;
        return new RepairReport(
            chosen.Version,
            DateTimeOffset.FromUnixTimeMilliseconds(PastHead.TimeOf(chosen)),
            snapshot,
            survey.Head?.Version ?? survey.Survivors!.NewestVersion,
            DateTimeOffset.FromUnixTimeMilliseconds(PastHead.TimeOf(newest)),
            survey.Head is null,
            made,
            survey.Report.Findings);
    }

    /// <summary>The newest version of which every page can be read and with which SQLite finds no fault.</summary>
    private async Task<(Head Version, string? Snapshot)?> ChooseAsync(Survey survey, CancellationToken cancellation)
    {
        foreach (var (version, source) in survey.Whole)
        {
            var head = PastHead.At(await ReadAsync(survey, source, cancellation).ConfigureAwait(false), version);
            if ((version == survey.Verified?.Version && survey.IsVerifiedWhole)
                || (await new LogicalCheck(reading, threads).RunAsync(head, cancellation).ConfigureAwait(false)).Damage.Count == 0)
            {
                return (head, source.Snapshot);
            }
        }

        return null;
    }

    private async Task<Head> ReadAsync(Survey survey, VersionSource source, CancellationToken cancellation)
    {
        if (source.Key == context.Keys.Head)
        {
            return survey.Head ?? survey.Survivors!.Line;
        }

        var found = await reading.Retry.RunAsync(token => reading.Store.ReadAsync(source.Key, null, token), cancellation).ConfigureAwait(false);
        return found.Answer != Stores.ReadAnswer.Found ? throw Changed(source.Key)
            : source.Snapshot is null ? HeadCodec.Decode(found.Content, source.Key)
            : Pin.Decode(found.Content, source.Key).Held;
    }

    private async Task<long> RestoreAsync(Head damaged, Head chosen, string? snapshot, CancellationToken cancellation)
    {
        var past = new Past(context, new HeadReader(context));
        var level = snapshot is null ? ReadLevel.AtVersion(chosen.Version) : ReadLevel.AtSnapshot(snapshot);
        return (await new Restore(context, threads, past).RunAsync(level, cancellation, damaged.Version).ConfigureAwait(false)).Version;
    }

    private DatabaseException NothingToRepair(Head head, VerificationReport report) => new(
        ErrorKind.Invalid,
        ErrorCodes.NothingToRepair,
        report.IsWhole
            ? $"Version {head.Version} of '{context.Name}' is whole, and so is all that it can go back to: there is nothing to repair."
            : $"Version {head.Version} of '{context.Name}' is whole: there is nothing to repair. What is damaged ({report.Findings[0].Object}: {report.Findings[0].What}) is needed for no "
            + "page of it. Versions of the past that need it can't be read; they leave with the history that is kept.")
    { Database = context.Name, Version = head.Version };

    private DatabaseException NothingWhole(VerificationReport report) => new(
        ErrorKind.Corrupt,
        ErrorCodes.Damaged,
        $"No version of '{context.Name}' that is kept is whole: {report.Findings[0].Object}: {report.Findings[0].What}. Nothing was changed. "
        + "Put the damaged objects back from a copy; if there is none, save what can be read of it to a file (salvage).")
    { Database = context.Name, Object = report.Findings[0].Object };

    private DatabaseException Changed(string key) => new(
        ErrorKind.Conflict, ErrorCodes.VersionMismatch, $"'{context.Name}' was changed while it was read: {key} is gone. Nothing was repaired. Verify it again.")
    { Database = context.Name, Object = key };
}
