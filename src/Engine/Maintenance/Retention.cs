using OrleansSqlite.Commit;
using OrleansSqlite.Format;

namespace OrleansSqlite.Maintenance;

/// <summary>How long the history of a database is kept: a setting of the database, so that whoever collects keeps the same.</summary>
internal static class Retention
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_525);

    /// <summary>Sets it.</summary>
    public static async Task SetAsync(DatabaseContext context, EngineThreads threads, TimeSpan retention, CancellationToken cancellation)
    {
        if (retention < TimeSpan.Zero || retention > Longest)
        {
            throw new DatabaseException(
                ErrorKind.Invalid, ErrorCodes.BadArgument, $"The retention of '{context.Name}' must be from 0 to {Longest.TotalDays:0} days, not {retention}.")
            { Database = context.Name };
        }

        uint seconds = (uint)retention.TotalSeconds;
        await new MaintenanceSwap(context, threads).RunAsync(
            (head, _) => head.State != HeadState.Live ? throw Errors.NotFound(context.Name)
                : Task.FromResult(head.History?.RetentionSeconds == seconds ? null : head with { History = (head.History ?? new HeadHistory()) with { RetentionSeconds = seconds } }),
            cancellation).ConfigureAwait(false);
    }
}
