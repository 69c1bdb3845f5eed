using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>What keeps a database small: collections and compactions. They may take long, and change nothing that a reader could see.</summary>
internal sealed class MaintenanceEndpoints(IDatabaseCatalog catalog, RequestClock clock)
{
    public async Task CollectAsync(HttpContext context)
    {
        using var time = clock.StartLong(context, "What was deleted by then is of no use to anybody. Send it again: it goes on.");
        RequestReading.NoExpectedVersion(context.Request);
        var dryRun = QueryString.Flag(context.Request, "dryRun");
        var name = DatabaseEndpoints.Name(context);
        var report = await time.RunAsync(cancellation => catalog.CollectAsync(name, dryRun, cancellation));
        await Answer.JsonAsync(context, CollectionMessage.From(name, report), WireJson.Default.CollectionMessage);
    }

    public async Task CompactAsync(HttpContext context)
    {
        using var time = clock.StartLong(context, "The database is as it was. Run the compaction with the command line, which gives it all the time that it needs.");
        RequestReading.NoExpectedVersion(context.Request);
        var name = DatabaseEndpoints.Name(context);
        await DatabaseEndpoints.AnswerAsync(context, await time.RunAsync(cancellation => catalog.CompactAsync(name, null, cancellation)));
    }
}
