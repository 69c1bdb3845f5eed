using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OrleansSqlite.Server;

namespace OrleansSqlite.Cli;

/// <summary>The web server around the endpoints: one node, no cluster.</summary>
internal static class ServerApp
{
    /// <summary>How long requests under way may take to end when the server stops.</summary>
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(30);

    public static ILoggerFactory Logs() => LoggerFactory.Create(logging => logging
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.ColorBehavior = LoggerColorBehavior.Default;
        })
        .AddFilter("Microsoft", LogLevel.Warning)
        // That it could not start is said once, as an error of the command line.
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
        .SetMinimumLevel(LogLevel.Information)
        // Results go to standard output, what happens beside them to standard error.
        .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace));

    public static WebApplication Build(IDatabaseCatalog catalog, IReadOnlyList<string> urls, ILoggerFactory logs)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls([.. urls]);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton(catalog);
        builder.Services.AddOrleansSqliteServer();
        builder.Services.AddProblemDetails();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTime);
        if (ListenUrls.IsLocal(urls))
        {
            // A web page whose name is made to point at this machine carries that name as its host: it is turned away.
            builder.Services.Configure<HostFilteringOptions>(hosts => hosts.AllowedHosts = ["localhost", "127.0.0.1", "[::1]"]);
        }

        var app = builder.Build();
        app.UseHostFiltering();
        app.UseStatusCodePages();
        app.MapOrleansSqlite();
        return app;
    }
}
