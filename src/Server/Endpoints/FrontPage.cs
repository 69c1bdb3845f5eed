using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>The page at the root: the console for browsers, and for everybody else in text what this is and what to try.</summary>
internal sealed class FrontPage(IDatabaseCatalog catalog, ConsoleEndpoints console)
{
    public Task ShowAsync(HttpContext context)
    {
        var request = context.Request;
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        if (ConsoleEndpoints.IsWanted(request))
        {
            return console.ShowAsync(context);
        }

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

        The console: open {address}/ in a browser.

        Try this in a terminal:

        {string.Join("\n\n", FirstSteps.Commands(address).Select(command => "  " + command))}

        What there is:

          GET    /v1/databases                     the databases
          PUT    /v1/databases/<name>              create one
          GET    /v1/databases/<name>              describe it
          DELETE /v1/databases/<name>              delete it
          POST   /v1/databases/<name>/execute      run statements as one transaction
          POST   /v1/databases/<name>/query        read on a snapshot
          GET    /v1/databases/<name>/query?sql=…  the same, to be kept
          GET    /v1/databases/<name>/schema       tables, indexes, views, triggers
          GET    /v1/databases/<name>/history      the versions that can be gone back to
          POST   /v1/databases/<name>/restore      make one of them the newest
          GET    /v1/databases/<name>/snapshots    the versions that have names; POST names one, DELETE …/<snapshot> drops a name
          POST   /v1/databases/<name>/fork         a new database that begins as a version of this one
          PUT    /v1/databases/<name>/retention    how long versions are kept
          POST   /v1/databases/<name>/collect      delete what nothing names any more
          POST   /v1/databases/<name>/compact      merge what it consists of
          GET    /v1/databases/<name>/file         the database as a SQLite file; PUT makes one of such a file
          GET    /v1/openapi.json                  all of this for programs
          GET    /health/live                      the process runs
          GET    /health/ready                     the store answers

        """;
}
