using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansSqlite.Server;

namespace OrleansSqlite.Cli;

/// <summary>The web server around the endpoints: one node, no cluster.</summary>
internal static class ServerApp
{
    public static ILoggerFactory Logs(LogFormat format) => LoggerFactory.Create(logging => ConsoleLogs.AddConsole(logging, format)
        .AddFilter("Microsoft", LogLevel.Warning)
        // That it could not start is said once, as an error of the command line.
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
        .SetMinimumLevel(LogLevel.Information));

    /// <exception cref="UsageException">The settings don't allow it.</exception>
    public static WebApplication Build(IDatabaseCatalog catalog, IReadOnlyList<string> urls, string? settings, bool allowAnonymous, ILoggerFactory logs)
    {
        try
        {
            var builder = WebApplication.CreateSlimBuilder();
            ServerHost.Prepare(builder, urls, settings);
            builder.Services.AddSingleton(logs);
            builder.Services.AddSingleton(catalog);
            var app = builder.Build();
            ServerHost.Map(app, urls, allowAnonymous);
            return app;
        }
        catch (RefusedSettingsException error)
        {
            throw new UsageException(error.Message, error.Next);
        }
        catch (Exception error) when (error is OptionsValidationException or InvalidOperationException or InvalidDataException or IOException)
        {
            throw new UsageException($"The server's settings can't be used: {error.GetBaseException().Message}", "Correct them; docs/SECURITY.md and docs/HTTP.md have them all.");
        }
    }
}
