using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace OrleansSqlite.Server;

/// <summary>Exports traces and metrics for as long as the program runs, what was measured while it ended included.</summary>
internal sealed class Telemetry : IHostedLifecycleService, IDisposable
{
    /// <summary>How long what is left may take to be sent at the end. A collector that hangs must not use up the time that requests have to end.</summary>
    private const int FlushMilliseconds = 5000;

    /// <summary>Without it ASP.NET Core's spans lack what the conventions ask for. From .NET 11 on it is off by itself.</summary>
    private const string SuppressesAttributes = "Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData";

    private static readonly string[] Sources =
    [
        OrleansSqlite.Metrics.Name, "Microsoft.AspNetCore", "System.Net.Http", "Microsoft.Orleans.Application", "Microsoft.Orleans.Lifecycle",
    ];

    private static readonly string[] Meters =
    [
        OrleansSqlite.Metrics.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting", "System.Net.Http", "System.Net.NameResolution",
        "System.Runtime", "Microsoft.Orleans",
    ];

    private readonly TelemetrySettings settings;
    private readonly IConfiguration configuration;
    private readonly ResourceBuilder resource;
    private readonly ExportFailures failures;
    private TracerProvider? traces;
    private MeterProvider? metrics;

    private Telemetry(TelemetrySettings settings, IConfiguration configuration, string service, ILoggerFactory logs, TimeProvider time)
    {
        (this.settings, this.configuration) = (settings, configuration);
        failures = new(logs.CreateLogger<Telemetry>(), time);
        resource = ResourceBuilder.CreateEmpty().AddTelemetrySdk()
            .AddService(service, serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3))
            .AddEnvironmentVariableDetector();
    }

    /// <summary>Has a program export what its environment asks for.</summary>
    /// <exception cref="RefusedSettingsException">A setting is wrong.</exception>
    public static void Add(WebApplicationBuilder builder)
    {
        var settings = TelemetrySettings.Read(builder.Configuration);
        if (settings is { Traces: null, Metrics: null })
        {
            return;
        }

        if (settings.Traces is not null)
        {
            AppContext.SetSwitch(SuppressesAttributes, false);
        }

        builder.Services.AddHostedService(services => new Telemetry(
            settings, builder.Configuration, builder.Environment.ApplicationName, services.GetRequiredService<ILoggerFactory>(), services.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Before anything is served.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (settings.Traces is { } tracesOptions)
        {
            traces = Sdk.CreateTracerProviderBuilder()
                .ConfigureServices(services => services.AddSingleton(configuration))
                .SetResourceBuilder(resource)
                .AddSource(Sources)
                .AddOtlpExporter(tracesOptions)
                .Build();
        }

        if (settings.Metrics is { } metricsOptions)
        {
            metrics = Sdk.CreateMeterProviderBuilder()
                .ConfigureServices(services => services.AddSingleton(configuration))
                .SetResourceBuilder(resource)
                .AddMeter(Meters)
                .AddOtlpExporter(metricsOptions)
                .Build();
        }

        return Task.CompletedTask;
    }

    /// <summary>After all else has ended.</summary>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Task.Run(() => traces?.Shutdown(FlushMilliseconds), CancellationToken.None),
        Task.Run(() => metrics?.Shutdown(FlushMilliseconds), CancellationToken.None));

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        traces?.Dispose();
        metrics?.Dispose();
        failures.Dispose();
    }
}
