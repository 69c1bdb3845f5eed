using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server;

/// <summary>What a program around the endpoints needs, be it one node or a silo: settings, addresses, TLS, who is let in, and an orderly end.</summary>
internal static class ServerHost
{
    /// <summary>Where the endpoints' settings stand in a configuration; Kestrel's own stand beside it.</summary>
    public const string Section = "Server";

    /// <summary>What the environment's settings begin with: <c>ORLEANSSQLITE_SERVER__REQUESTTIME</c>.</summary>
    private const string EnvironmentPrefix = "ORLEANSSQLITE_";

    /// <summary>Under which a program's start and end are logged.</summary>
    private const string LogCategory = "OrleansSqlite.Server";

    /// <summary>How long requests under way may take to end when the server stops.</summary>
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(30);

    /// <summary>Prepares the program.</summary>
    /// <param name="builder">The program.</param>
    /// <param name="urls">Where it listens.</param>
    /// <param name="settingsFile">A JSON file with settings, if there is one. The environment goes before it.</param>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="InvalidDataException">The file is malformed.</exception>
    /// <exception cref="RefusedSettingsException">A setting for the export of telemetry is wrong.</exception>
    public static void Prepare(WebApplicationBuilder builder, IReadOnlyList<string> urls, string? settingsFile)
    {
        if (settingsFile is not null)
        {
            builder.Configuration.AddJsonFile(Path.GetFullPath(settingsFile), optional: false);
        }

        builder.Configuration.AddEnvironmentVariables(EnvironmentPrefix);
        builder.WebHost.UseUrls([.. urls]);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddOptions<OrleansSqliteServerOptions>()
            .Bind(builder.Configuration.GetSection(Section), binding => binding.ErrorOnUnknownConfiguration = true);
        builder.Services.AddOrleansSqliteServer();
        builder.Services.AddProblemDetails();
        Telemetry.Add(builder);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTime);
        if (Addresses.AreLocal(urls))
        {
            // A web page whose name is made to point at this machine carries that name as its host: it is turned away.
            builder.Services.Configure<HostFilteringOptions>(hosts => hosts.AllowedHosts = ["localhost", "*.localhost", "127.0.0.1", "[::1]"]);
        }
    }

    /// <summary>Puts the parts together, if the settings allow it.</summary>
    /// <param name="app">The program.</param>
    /// <param name="urls">Where it listens.</param>
    /// <param name="allowAnonymous">Whether it was told to let everyone in, wherever they come from.</param>
    /// <exception cref="RefusedSettingsException">It would let everyone in who reaches it, and was not told to.</exception>
    /// <exception cref="OptionsValidationException">A setting is out of range.</exception>
    /// <exception cref="InvalidOperationException">A setting is unknown or of another type.</exception>
    public static void Map(WebApplication app, IReadOnlyList<string> urls, bool allowAnonymous)
    {
        if (app.Configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            throw new RefusedSettingsException(
                "Kestrel:Endpoints is set, beside which --urls means nothing.", "Give the addresses by --urls, and a certificate by Kestrel:Certificates:Default.");
        }

        var access = app.Services.GetRequiredService<IOptions<OrleansSqliteServerOptions>>().Value.Access;
        if (!access.IsOn && !Addresses.AreLocal(urls) && !(allowAnonymous || access.AllowAnonymous))
        {
            throw new RefusedSettingsException(
                $"Nobody would have to log in at {string.Join(" and ", urls)}: everyone who reaches the port could read, write and delete all databases.",
                "Make a token (orleans-sqlite token) and put its hash into the settings; listen on 127.0.0.1 alone; or, behind something that asks who comes, say --allow-anonymous");
        }

        app.Use(RequestSpan.CompleteAsync);
        app.UseHostFiltering();
        app.UseStatusCodePages();
        app.UseOrleansSqliteServer();
        app.MapOrleansSqlite();
    }

    /// <summary>What to say at the start if there is no login; null if there is.</summary>
    public static string? Warning(IServiceProvider services, IReadOnlyList<string> urls) =>
        services.GetRequiredService<DatabaseAccess>().IsOn ? null
        : "NO LOGIN: everyone " + (Addresses.AreLocal(urls) ? "on this machine" : "who reaches this server") + " may read, write and delete all databases.";

    /// <summary>Says in the log what people are told on standard output: where programs read the lines, nothing else may stand between them.</summary>
    public static void LogStart(WebApplication app, string store, string? warning)
    {
        var logger = Logger(app);
        ServerLog.Serving(logger, store, string.Join(';', app.Urls));
        if (warning is not null)
        {
            ServerLog.OpenToAll(logger, warning);
        }
    }

    /// <summary>Says likewise that it has ended.</summary>
    public static void LogEnd(WebApplication app) => ServerLog.Stopped(Logger(app));

    private static ILogger Logger(WebApplication app) => app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory);
}

/// <summary>The server won't start with these settings.</summary>
internal sealed class RefusedSettingsException(string message, string next) : Exception(message)
{
    /// <summary>What to do instead.</summary>
    public string Next { get; } = next;
}
