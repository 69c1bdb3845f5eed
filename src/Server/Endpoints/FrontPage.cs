using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>The page at the root: what this is and what to try.</summary>
internal sealed class FrontPage(IDatabaseCatalog catalog)
{
    public Task ShowAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.PathBase + request.Path;
        var address = $"{request.Scheme}://{request.Host}{path.Value?.TrimEnd('/')}";
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers[HeaderNames.XContentTypeOptions] = "nosniff";
        return context.Response.WriteAsync(Text(address), context.RequestAborted);
    }

    private string Text(string address) =>
        $"""
        OrleansSqlite: SQLite databases in an object store.
        Every write is one transaction, answered once it is durable in the store.
        Any number of servers may serve the same store at once.

        Store: {catalog.StoreUrl}

        Try this in a terminal:

        {string.Join("\n\n", FirstSteps.Commands(address).Select(command => "  " + command))}

        What there is:

          GET    /v1/databases                     the databases
          PUT    /v1/databases/<name>              create one
          GET    /v1/databases/<name>              describe it
          DELETE /v1/databases/<name>              delete it
          POST   /v1/databases/<name>/execute      run statements as one transaction
          POST   /v1/databases/<name>/query        read on a snapshot
          GET    /health/live                      the process runs
          GET    /health/ready                     the store answers

        """;
}
