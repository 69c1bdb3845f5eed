using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;
using OrleansSqlite.Client;
using OrleansSqlite.Grains;
using OrleansSqlite.Server;

namespace OrleansSqlite.Silo;

/// <summary>One process with the grains and the HTTP server. The server goes over the grains, as any client of the cluster.</summary>
internal static class SiloApp
{
    public static WebApplication Build(SiloSettings settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        Log(builder.Logging, settings.LogFormat);
        ServerHost.Prepare(builder, settings.Addresses, settings.Config);
        builder.Services.AddOrleansSqliteClient();
        builder.UseOrleans(silo => Configure(silo, settings));
        var app = builder.Build();
        ServerHost.Map(app, settings.Addresses, settings.AllowAnonymous);
        if (settings.Dashboard)
        {
            // It shows every grain and can't tell one caller from another.
            app.MapOrleansDashboard("/dashboard").AddEndpointFilter(async (call, next) =>
                call.HttpContext.Connection.RemoteIpAddress is { } caller && IPAddress.IsLoopback(caller) ? await next(call) : Results.NotFound());
        }

        return app;
    }

    private static void Configure(ISiloBuilder silo, SiloSettings settings)
    {
        silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (settings.ClusterId, settings.ServiceId));
        silo.AddOrleansSqlite(settings.Store, new DatabaseOptions { DiskCachePath = settings.DiskCache, DiskCacheBytes = (long)settings.DiskCacheMib << 20 });
        Cluster(silo, settings);
        Store(silo, settings);
        if (settings.Reminders)
        {
            silo.UseDynamoDBReminderService(options =>
            {
                options.Service = settings.DynamoDBService!;
                options.TableName = $"{settings.DynamoDBTables}Reminders";
                options.UseProvisionedThroughput = false;
            });
        }

        if (settings.Dashboard)
        {
            silo.AddDashboard();
        }

        if (TelemetrySettings.Read(silo.Configuration).Traces is not null)
        {
            // What a grain does for a request belongs to its trace, on whichever silo that is.
            silo.AddActivityPropagation();
        }
    }

    private static void Cluster(ISiloBuilder silo, SiloSettings settings)
    {
        switch (settings.Clustering)
        {
            case Backing.Local:
                silo.UseLocalhostClustering(settings.SiloPort, settings.GatewayPort, null, settings.ServiceId, settings.ClusterId);
                return;
            case Backing.Store:
                silo.UseOrleansSqliteClustering(settings.Store);
                break;
            default:
                silo.UseDynamoDBClustering(options =>
                {
                    options.Service = settings.DynamoDBService!;
                    options.TableName = $"{settings.DynamoDBTables}Silos";
                    options.UseProvisionedThroughput = false;
                });
                break;
        }

        Listen(silo, settings);
    }

    private static void Store(ISiloBuilder silo, SiloSettings settings)
    {
        const string name = OrleansSqliteSiloExtensions.GrainStorage;
        switch (settings.GrainStorage)
        {
            case Backing.Local:
                silo.AddMemoryGrainStorage(name);
                break;
            case Backing.Store:
                silo.AddOrleansSqliteGrainStorage(name, settings.Store);
                break;
            default:
                silo.AddDynamoDBGrainStorage(name, options =>
                {
                    options.Service = settings.DynamoDBService!;
                    options.TableName = $"{settings.DynamoDBTables}Grains";
                    options.UseProvisionedThroughput = false;
                });
                break;
        }
    }

    private static void Listen(ISiloBuilder silo, SiloSettings settings)
    {
        if (settings.AdvertisedAddress is { } address)
        {
            silo.ConfigureEndpoints(address, settings.SiloPort, settings.GatewayPort, listenOnAnyHostAddress: true);
        }
        else
        {
            silo.ConfigureEndpoints(settings.SiloPort, settings.GatewayPort);
        }
    }

    private static void Log(ILoggingBuilder logging, LogFormat format)
    {
        logging.ClearProviders();
        ConsoleLogs.AddConsole(logging, format);
        logging.SetMinimumLevel(LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Orleans", LogLevel.Warning);

        // Which begins like the one above, and is meant to be heard.
        logging.AddFilter("OrleansSqlite", LogLevel.Information);

        // Orleans tries again by it: an attempt is no news.
        logging.AddFilter("Polly", LogLevel.Warning);

        // The watchdog's first look has nothing to compare with.
        logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);

        // That it could not start is said once, as an error of the program.
        logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Critical);
        logging.AddFilter("Orleans.Runtime.SiloLifecycleSubject", LogLevel.Critical);
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
    }
}
