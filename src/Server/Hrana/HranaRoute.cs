using System.Net;
using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server.Hrana;

/// <summary>Which database a client of the protocol means: by the path, else by the first label of the host name.</summary>
internal static class HranaRoute
{
    public static string Database(HttpContext context)
    {
        if (context.Request.RouteValues.TryGetValue("database", out object? name) && name is string database)
        {
            return database;
        }

        string host = context.Request.Host.Host;
        int dot = host.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && !IPAddress.TryParse(host.Trim('[', ']'), out _)
            ? host[..dot]
            : throw new HranaException(
                "NO_DATABASE", $"The address names no database. Take http://{context.Request.Host}/db/NAME/ or, by host name, http://NAME.{host}.",
                StatusCodes.Status404NotFound);
    }
}
