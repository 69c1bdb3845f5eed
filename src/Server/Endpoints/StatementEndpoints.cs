using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>SQL on one database: a batch that may write, or a query.</summary>
internal sealed class StatementEndpoints(IDatabaseCatalog catalog, RequestClock clock)
{
    private static readonly Statement Schema = new(
        """
        SELECT type, name, tbl_name, sql FROM sqlite_schema
        WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND tbl_name NOT IN ('orleans_sqlite_operations', 'orleans_sqlite_inbox')
        ORDER BY rowid
        """);

    public async Task ExecuteAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        var result = await time.RunAsync(async cancellation =>
        {
            var request = await RequestReading.BodyAsync(context.Request, WireJson.Default.ExecuteRequest, cancellation);
            var batch = new Batch([.. request.Statements.Select(statement => statement.ToStatement())])
            {
                OperationId = RequestReading.OperationId(context.Request, request.OperationId),
                ExpectedVersion = RequestReading.ExpectedVersion(context.Request),
            };
            return await Database(context).ExecuteAsync(batch, cancellation);
        });

        Answer.Version(context, result.Version);
        Answer.Headers(context);
        await using (var writer = new Utf8JsonWriter(context.Response.BodyWriter, ResultJson.Writer))
        {
            ResultJson.Write(writer, result);
        }

        Answer.LineFeed(context);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    public async Task QueryAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        RequestReading.NoExpectedVersion(context.Request);
        RequestReading.NoKnownVersion(context.Request);
        await using var rows = await time.RunAsync(async cancellation =>
        {
            var request = await RequestReading.BodyAsync(context.Request, WireJson.Default.QueryRequest, cancellation);
            return await Database(context).QueryAsync(request.ToStatement(), request.Level, cancellation);
        });
        Answer.Version(context, rows.Version);
        await RowsAnswer.SendAsync(context, time, rows);
    }

    /// <summary>The same with the statement in the address: whoever has the answer of the same version is told so, and gets no rows.</summary>
    public async Task GetAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        RequestReading.NoExpectedVersion(context.Request);
        var (statement, level) = (QueryString.Statement(context.Request), QueryString.Level(context.Request));
        await using var rows = await time.RunAsync(cancellation => Database(context).QueryAsync(statement, level, cancellation));
        if (!Answer.IsUnchanged(context, rows.Version))
        {
            await RowsAnswer.SendAsync(context, time, rows);
        }
    }

    /// <summary>The tables, indexes, views and triggers, without those that SQLite and the library keep for themselves.</summary>
    public async Task SchemaAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        RequestReading.NoExpectedVersion(context.Request);
        var level = QueryString.Level(context.Request);
        await using var rows = await time.RunAsync(cancellation => Database(context).QueryAsync(Schema, level, cancellation));
        if (Answer.IsUnchanged(context, rows.Version))
        {
            return;
        }

        List<SchemaEntryMessage> entries = [];
        while (await time.RunAsync(cancellation => rows.ReadAsync(cancellation).AsTask()) is { Count: > 0 } some)
        {
            entries.AddRange(some.Select(row => new SchemaEntryMessage(row[0].AsText(), row[1].AsText(), row[2].AsText(), row[3].AsText())));
        }

        await Answer.JsonAsync(context, new(rows.Version, entries), WireJson.Default.SchemaMessage);
    }

    private IDatabase Database(HttpContext context) => catalog.Get(DatabaseEndpoints.Name(context));
}
