using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>SQL on one database: a batch that may write, or a query.</summary>
internal sealed class StatementEndpoints(IDatabaseCatalog catalog, RequestClock clock)
{
    /// <summary>Bytes of JSON that gather before they are sent.</summary>
    private const int FlushBytes = 64 << 10;

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
            return await catalog.Get(DatabaseEndpoints.Name(context)).ExecuteAsync(batch, cancellation);
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
        await using var rows = await time.RunAsync(async cancellation =>
        {
            var request = await RequestReading.BodyAsync(context.Request, WireJson.Default.QueryRequest, cancellation);
            return await catalog.Get(DatabaseEndpoints.Name(context)).QueryAsync(request.ToStatement(), request.Level, cancellation);
        });

        Answer.Version(context, rows.Version);
        Answer.Headers(context);

        // What is gathered here can still be thrown away: an error among the first rows is answered as an error.
        var gathered = new ArrayBufferWriter<byte>(FlushBytes);
        await using var writer = new Utf8JsonWriter(gathered, ResultJson.Writer);
        ResultJson.Start(writer, rows.Version, rows.Columns);
        while (await time.RunAsync(cancellation => rows.ReadAsync(cancellation).AsTask()) is { Count: > 0 } some)
        {
            ResultJson.WriteRows(writer, some);
            if (writer.BytesPending + gathered.WrittenCount >= FlushBytes)
            {
                await SendAsync();
            }
        }

        ResultJson.End(writer);
        await SendAsync();
        Answer.LineFeed(context);

        async Task SendAsync()
        {
            writer.Flush();
            await time.RunAsync(cancellation => context.Response.BodyWriter.WriteAsync(gathered.WrittenMemory, cancellation).AsTask());
            gathered.ResetWrittenCount();
        }
    }
}
