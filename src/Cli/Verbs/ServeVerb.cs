using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansSqlite.Server;

namespace OrleansSqlite.Cli;

internal sealed class ServeVerb : Verb
{
    private readonly Option<string?> urls = new("--urls")
    {
        Description = "Where to listen, several with ; between. Default: http://127.0.0.1:8080, the port from PORT if that is set.",
        HelpName = "URLS",
    };

    private readonly Option<string?> diskCache = new("--disk-cache")
    {
        Description = "A folder for a cache of the store on this machine's disk, which may be deleted at any time. Default: none.",
        HelpName = "DIR",
    };

    private readonly Option<int?> diskCacheMib = new("--disk-cache-mib")
    {
        Description = "How much that takes at most. Default: 1024.",
        HelpName = "MIB",
    };

    private readonly Option<string?> settings = new("--settings")
    {
        Description = "A JSON file with the server's settings: tokens and keys, limits, a certificate. ORLEANSSQLITE_SERVER__… goes before it.",
        HelpName = "FILE",
    };

    private readonly Option<bool> allowAnonymous = new("--allow-anonymous")
    {
        Description = "Serve other machines without a login: for what stands behind something that asks who comes.",
    };

    private readonly Option<string?> logFormat = new("--log-format")
    {
        Description = "How logs are written: text, or json with one object in each line, nothing between them, and the ids of traces. Default: text.",
        HelpName = "FORMAT",
    };

    public ServeVerb(Terminal terminal)
        : base(
            "serve", "Serve the databases of the store over HTTP: one node, no cluster. Others may serve the same store at the same time.",
            """
            orleans-sqlite serve
            PORT=9000 orleans-sqlite serve --store s3://my-bucket/databases
            orleans-sqlite serve --urls http://0.0.0.0:8080 --settings server.json    # with the hashes of tokens
            OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317 orleans-sqlite serve    # with traces and metrics
            """,
            terminal)
    {
        Add(urls);
        Add(diskCache);
        Add(diskCacheMib);
        Add(settings);
        Add(allowAnonymous);
        Add(logFormat);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var listen = ListenUrls.From(parsed.GetValue(urls), Environment.GetEnvironmentVariable("PORT"));
        var format = ConsoleLogs.Format(parsed.GetValue(logFormat), message => new UsageException(message, "Leave it out, or give one of the two."));
        using var logs = ServerApp.Logs(format);
        await using var engine = await DatabaseEngine.OpenAsync(
            StoreLocation.Url(parsed.GetValue(SharedOptions.Store)), EngineOptions(parsed), logs: logs, cancellation: cancellation);
        await using var app = ServerApp.Build(engine, listen, parsed.GetValue(settings), parsed.GetValue(allowAnonymous), logs);
        await ListenAsync(app, listen, cancellation);
        var warning = ServerHost.Warning(app.Services, listen);
        if (format is LogFormat.Json)
        {
            ServerHost.LogStart(app, engine.StoreUrl, warning);
        }
        else
        {
            Announcement.Write(Terminal.Out, engine.StoreUrl, [.. app.Urls], warning);
            Terminal.Out.Flush();
        }

        // Ends by Ctrl-C or SIGTERM: what runs is answered first, and only then is the engine closed.
        await app.WaitForShutdownAsync(cancellation);
        if (format is LogFormat.Json)
        {
            ServerHost.LogEnd(app);
        }
        else
        {
            Terminal.Out.WriteLine("Stopped.");
        }

        return ExitCodes.Ok;
    }

    private DatabaseOptions EngineOptions(ParseResult parsed)
    {
        var options = new DatabaseOptions { DiskCachePath = parsed.GetValue(diskCache) };
        return parsed.GetValue(diskCacheMib) is { } mib ? options with { DiskCacheBytes = (long)mib << 20 } : options;
    }

    private static async Task ListenAsync(WebApplication app, IReadOnlyList<string> listen, CancellationToken cancellation)
    {
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (Exception error) when (error is InvalidOperationException or System.Security.Cryptography.CryptographicException)
        {
            throw new UsageException($"Cannot listen on {string.Join(" and ", listen)}: {error.Message}", "Check the certificate in the settings: docs/SECURITY.md");
        }
        catch (IOException error)
        {
            throw new UsageException(
                $"Cannot listen on {string.Join(" and ", listen)}: {error.Message}", "Take another port: PORT=9000, or --urls http://127.0.0.1:9000");
        }
    }
}
