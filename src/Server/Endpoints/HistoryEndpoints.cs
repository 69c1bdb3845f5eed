using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>The past of one database: list it, go back to it, name it, fork it, say how long it is kept.</summary>
internal sealed class HistoryEndpoints(IDatabaseCatalog catalog, RequestClock clock, DatabaseAccess access)
{
    private const int MostVersions = 1_000;
    private const int UsualVersions = 100;

    public async Task ListAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        var below = QueryString.Whole(context.Request, "below", 0, long.MaxValue) ?? long.MaxValue;
        var limit = QueryString.Whole(context.Request, "limit", 1, MostVersions) ?? UsualVersions;
        var message = await time.RunAsync(async cancellation =>
        {
            List<VersionDescription> versions = [];
            await foreach (var version in Database(context).HistoryAsync(below, cancellation))
            {
                if (versions.Count == limit)
                {
                    return HistoryMessage.From(versions, more: true);
                }

                versions.Add(version);
            }

            return HistoryMessage.From(versions, more: false);
        });
        await Answer.JsonAsync(context, message, WireJson.Default.HistoryMessage);
    }

    public async Task RestoreAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        RequestReading.NoExpectedVersion(context.Request);
        var restored = await time.RunAsync(async cancellation =>
        {
            var request = await RequestReading.BodyAsync(context.Request, WireJson.Default.RestoreRequest, cancellation);
            return request.To.IsPast
                ? await Database(context).RestoreAsync(request.To, cancellation)
                : throw new MalformedException("to is {\"atVersion\":version}, {\"atTime\":\"time\"} or {\"atSnapshot\":\"name\"}.");
        });
        await DatabaseEndpoints.AnswerAsync(context, restored);
    }

    public async Task ListSnapshotsAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        var snapshots = await time.RunAsync(cancellation => Database(context).ListSnapshotsAsync(cancellation));
        await Answer.JsonAsync(context, new([.. snapshots.Select(SnapshotMessage.From)]), WireJson.Default.SnapshotsMessage);
    }

    public async Task CreateSnapshotAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        RequestReading.NoExpectedVersion(context.Request);
        var made = await time.RunAsync(async cancellation =>
        {
            var request = await RequestReading.BodyAsync(context.Request, WireJson.Default.SnapshotRequest, cancellation);
            return await Database(context).CreateSnapshotAsync(request.Name, request.At, cancellation);
        });
        context.Response.StatusCode = StatusCodes.Status201Created;
        Answer.Version(context, made.Version);
        await Answer.JsonAsync(context, SnapshotMessage.From(made), WireJson.Default.SnapshotMessage);
    }

    public async Task DropSnapshotAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        RequestReading.NoExpectedVersion(context.Request);
        await time.RunAsync(cancellation => Database(context).DropSnapshotAsync((string)context.Request.RouteValues["snapshot"]!, cancellation));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public async Task ForkAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        RequestReading.NoExpectedVersion(context.Request);
        var made = await time.RunAsync(async cancellation =>
        {
            var request = await RequestReading.BodyAsync(context.Request, WireJson.Default.ForkRequest, cancellation);
            access.Demand(context.User, request.Name, DatabaseRight.Admin);
            return await catalog.ForkAsync(DatabaseEndpoints.Name(context), request.Name, request.At, cancellation);
        });
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"{Answer.Address(context, above: 2)}/{made.Name}";
        await DatabaseEndpoints.AnswerAsync(context, made);
    }

    public async Task SetRetentionAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        RequestReading.NoExpectedVersion(context.Request);
        var database = await time.RunAsync(async cancellation =>
        {
            var request = await RequestReading.BodyAsync(context.Request, WireJson.Default.RetentionRequest, cancellation);

            // What is within these bounds is the engine's to judge; what is not does not fit a TimeSpan.
            var retention = request.Seconds is >= 0 and <= uint.MaxValue
                ? TimeSpan.FromSeconds(request.Seconds)
                : throw new MalformedException("seconds is a whole number of seconds, from 0 to 100 years.");
            await Database(context).SetRetentionAsync(retention, cancellation);
            return await Database(context).DescribeAsync(default, cancellation);
        });
        await DatabaseEndpoints.AnswerAsync(context, database);
    }

    private IDatabase Database(HttpContext context) => catalog.Get(DatabaseEndpoints.Name(context));
}
