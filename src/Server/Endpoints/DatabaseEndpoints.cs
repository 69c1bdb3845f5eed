using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>The databases of the store: list, create, describe, delete.</summary>
internal sealed class DatabaseEndpoints(IDatabaseCatalog catalog, RequestClock clock, DatabaseAccess access)
{
    public async Task ListAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        var databases = await time.RunAsync(async cancellation =>
        {
            List<DatabaseMessage> some = [];
            await foreach (var database in catalog.ListAsync(cancellation))
            {
                // What a token must not read it does not see, either.
                if (access.Allows(context.User, database.Name, DatabaseRight.Read))
                {
                    some.Add(DatabaseMessage.From(database));
                }
            }

            return some;
        });
        await Answer.JsonAsync(context, new(databases), WireJson.Default.DatabasesMessage);
    }

    public async Task CreateAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        RequestReading.NoExpectedVersion(context.Request);
        var database = await time.RunAsync(cancellation => catalog.CreateAsync(Name(context), cancellation));
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = Answer.Address(context);
        await AnswerAsync(context, database);
    }

    public async Task DescribeAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        var level = QueryString.Past(context.Request);
        await AnswerAsync(context, await time.RunAsync(cancellation => catalog.Get(Name(context)).DescribeAsync(level, cancellation)));
    }

    public async Task DeleteAsync(HttpContext context)
    {
        using var time = clock.Start(context);
        RequestReading.NoExpectedVersion(context.Request);
        await time.RunAsync(cancellation => catalog.DeleteAsync(Name(context), cancellation));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public static string Name(HttpContext context) => (string)context.Request.RouteValues["database"]!;

    /// <summary>Answers with a description of a database.</summary>
    public static Task AnswerAsync(HttpContext context, DatabaseDescription database)
    {
        Answer.Version(context, database.Version);
        return Answer.JsonAsync(context, DatabaseMessage.From(database), WireJson.Default.DatabaseMessage);
    }
}
