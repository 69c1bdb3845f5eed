using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Commit;

namespace OrleansSqlite;

/// <summary>
/// One call of a database as a span and a duration, in the words of OpenTelemetry's conventions for clients of databases. Neither SQL nor the messages
/// of errors are told, which may quote it: both are the caller's.
/// </summary>
internal readonly struct MeasuredCall
{
    private const string SystemName = "sqlite";

    private readonly DatabaseContext context;
    private readonly string operation;
    private readonly Activity? span;
    private readonly long begun;

    private MeasuredCall(DatabaseContext context, string operation, Activity? span)
    {
        (this.context, this.operation, this.span) = (context, operation, span);
        begun = context.Time.GetTimestamp();
    }

    /// <summary>Begins a call, which <see cref="End"/> ends.</summary>
    /// <param name="context">The database.</param>
    /// <param name="operation">What is done, one of a few words.</param>
    /// <param name="statements">How many statements are run together, if it is known.</param>
    public static MeasuredCall Begin(DatabaseContext context, string operation, int statements = 1)
    {
        // Its name would be made for nobody.
        var span = Metrics.Activities.HasListeners()
            ? Metrics.Activities.StartActivity($"{operation} {context.Name}", ActivityKind.Client, default(ActivityContext), Tags(context, operation, statements))
            : null;
        return new(context, operation, span);
    }

    /// <summary>Runs a call to its end.</summary>
    public static async Task<T> RunAsync<T>(DatabaseContext context, string operation, Func<Task<T>> call, int statements = 1)
    {
        var measured = Begin(context, operation, statements);
        try
        {
            var result = await call().ConfigureAwait(false);
            measured.End();
            return result;
        }
        catch (Exception error)
        {
            measured.End(error);
            throw;
        }
    }

    /// <summary>Ends it.</summary>
    /// <param name="error">What its caller gets instead of a result, if so.</param>
    public void End(Exception? error = null)
    {
        var (type, code) = error is null ? default : Describe(error);
        if (Metrics.CallSeconds.Enabled)
        {
            var tags = default(TagList);
            tags.Add("db.system.name", SystemName);
            tags.Add("db.namespace", context.Name);
            tags.Add("db.operation.name", operation);
            if (type is not null)
            {
                tags.Add("error.type", type);
            }

            if (code is not null)
            {
                tags.Add("db.response.status_code", code);
            }

            Metrics.CallSeconds.Record(context.Time.GetElapsedTime(begun).TotalSeconds, tags);
        }

        if (type is not null)
        {
            span?.SetTag("error.type", type).SetTag("db.response.status_code", code).SetStatus(ActivityStatusCode.Error);
        }

        span?.Dispose();
    }

    /// <summary>What a sampler may decide by is there from the start.</summary>
    private static TagList Tags(DatabaseContext context, string operation, int statements)
    {
        var tags = default(TagList);
        tags.Add("db.system.name", SystemName);
        tags.Add("db.namespace", context.Name);
        tags.Add("db.operation.name", operation);
        if (statements > 1)
        {
            tags.Add("db.operation.batch.size", statements);
        }

        return tags;
    }

    /// <summary>The stable code of an error, and that of SQLite if it refused; of an error that is not this library's, its type.</summary>
    private static (string Type, string? Code) Describe(Exception error) => error switch
    {
        DatabaseException failure => (failure.Code, failure.SqliteCode == 0 ? null : failure.SqliteCode.ToString(CultureInfo.InvariantCulture)),
        SqliteException sqlite => Describe(DataErrors.Classify(sqlite)),
        OperationCanceledException => (typeof(OperationCanceledException).FullName!, null),
        _ => (error.GetType().FullName!, null),
    };
}
