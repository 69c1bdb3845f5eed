using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using OrleansSqlite.EntityFrameworkCore.Storage;

namespace OrleansSqlite.EntityFrameworkCore;

/// <summary>
/// Runs a unit again that has lost a race, or that the store could not take. It is on by default, and EF Core runs each SaveChanges
/// and each query in it; give it units of your own by <c>context.Database.CreateExecutionStrategy()</c>. It never runs again what
/// may have taken effect. See docs/EFCORE.md.
/// </summary>
public class OrleansSqliteExecutionStrategy : ExecutionStrategy
{
    /// <summary>How often a unit is run again, unless told otherwise.</summary>
    public const int DefaultRetryCount = 200;

    private static readonly TimeSpan LongestPauseAfterConflict = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private readonly TimeSpan retryTime;
    private readonly TimeProvider time;
    private long began;

    /// <summary>Makes the strategy.</summary>
    /// <param name="dependencies">EF Core's services.</param>
    public OrleansSqliteExecutionStrategy(ExecutionStrategyDependencies dependencies)
        : this(dependencies, DefaultRetryCount, DefaultRetryTime)
    {
    }

    /// <summary>Makes the strategy.</summary>
    /// <param name="dependencies">EF Core's services.</param>
    /// <param name="retryCount">How often a unit is run again at most.</param>
    /// <param name="retryTime">How long after its beginning a unit is still run again.</param>
    /// <param name="time">The clock.</param>
    public OrleansSqliteExecutionStrategy(ExecutionStrategyDependencies dependencies, int retryCount, TimeSpan retryTime, TimeProvider? time = null)
        : base(dependencies, retryCount, LongestPause)
    {
        this.retryTime = retryTime;
        this.time = time ?? TimeProvider.System;
    }

    /// <summary>How long after its beginning a unit is still run again, unless told otherwise.</summary>
    public static TimeSpan DefaultRetryTime { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether a failed unit is run again. Within a transaction of the caller's it is not: that is the unit, and only the
    /// caller can run it again. Nothing is lost by that, because a race shows at COMMIT only.</summary>
    public override bool RetriesOnFailure => !IsWithinTransaction && base.RetriesOnFailure;

    private DbContext Context => Dependencies.CurrentContext.Context;

    // Not by way of Context.Database: EF Core asks while it makes the services that Context.Database needs.
    private bool IsWithinTransaction => Context.GetService<IRelationalConnection>().CurrentTransaction is not null;

    private StoredConnection? Connection => Context.GetService<IRelationalConnection>() as StoredConnection;

    /// <inheritdoc/>
    public override TResult Execute<TState, TResult>(
        TState state,
        Func<DbContext, TState, TResult> operation,
        Func<DbContext, TState, ExecutionResult<TResult>>? verifySucceeded)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (!RetriesOnFailure)
        {
            return Current is null ? operation(Context, state) : base.Execute(state, operation, verifySucceeded);
        }

        var verdicts = new Verdicts(Connection);
        return base.Execute(
            state,
            (context, passed) =>
            {
                verdicts.BeginAttempt();
                try
                {
                    return operation(context, passed);
                }
                catch (Exception e) when (verdicts.MustConfirm(e))
                {
                    Task.Run(() => verdicts.ConfirmAsync(e, CancellationToken.None)).GetAwaiter().GetResult();
                    throw;
                }
            },
            verifySucceeded);
    }

    /// <inheritdoc/>
    public override Task<TResult> ExecuteAsync<TState, TResult>(
        TState state,
        Func<DbContext, TState, CancellationToken, Task<TResult>> operation,
        Func<DbContext, TState, CancellationToken, Task<ExecutionResult<TResult>>>? verifySucceeded,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (!RetriesOnFailure)
        {
            return Current is null ? operation(Context, state, cancellationToken) : base.ExecuteAsync(state, operation, verifySucceeded, cancellationToken);
        }

        var verdicts = new Verdicts(Connection);
        return base.ExecuteAsync(
            state,
            async (context, passed, cancellation) =>
            {
                verdicts.BeginAttempt();
                try
                {
                    return await operation(context, passed, cancellation).ConfigureAwait(false);
                }
                catch (Exception e) when (verdicts.MustConfirm(e))
                {
                    await verdicts.ConfirmAsync(e, cancellation).ConfigureAwait(false);
                    throw;
                }
            },
            verifySucceeded,
            cancellationToken);
    }

    /// <inheritdoc/>
    protected override void OnFirstExecution()
    {
        base.OnFirstExecution();
        began = time.GetTimestamp();
    }

    /// <summary>Whether the unit was not applied for certain, and may succeed if it is run again.</summary>
    protected override bool ShouldRetryOn(Exception exception) =>
        exception is SqliteException error && DataErrors.Classify(error, Connection?.Stored) is { IsTransient: true, OutcomeKnown: true };

    /// <inheritdoc/>
    protected override TimeSpan? GetNextDelay(Exception lastException)
    {
        int tries = ExceptionsEncountered.Count;
        if (tries > MaxRetryCount || time.GetElapsedTime(began) > retryTime)
        {
            return null;
        }

        // Who lost a race knows the newest version by that, and can go ahead at once. Who loses again and again gives way, for a
        // time of full jitter: two that lose to each other must not meet again.
        bool isConflict = CallOnWrappedException(lastException, IsConflict);
        if (isConflict && tries == 1)
        {
            return TimeSpan.Zero;
        }

        var longest = isConflict ? LongestPauseAfterConflict : LongestPause;
        double most = Math.Min(longest.TotalMilliseconds, ShortestPause.TotalMilliseconds * Math.Pow(2, Math.Min(tries, 20)));
        return TimeSpan.FromMilliseconds(most * Random.NextDouble());
    }

    private static bool IsConflict(Exception exception) => exception is SqliteException error && DataErrors.Classify(error).Kind == ErrorKind.Conflict;
}
