using Amazon.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;
using OrleansSqlite.Server;

namespace OrleansSqlite.Silo;

/// <summary>The program: reads its settings, starts, says what to try, and runs until it is asked to end.</summary>
internal static class SiloProgram
{
    private const int Ok = 0;
    private const int Failed = 1;
    private const int BadSettings = 2;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        if (args.Any(arg => arg is "--help" or "-h" or "-?"))
        {
            output.Write(SettingsHelp.Text);
            return Ok;
        }

        // Docker knows 0 and 1 as answers to a health check, and no others.
        bool asksForHealth = args is [Health.Argument, ..];
        try
        {
            var settings = SiloSettings.Read(asksForHealth ? args[1..] : args);
            if (asksForHealth)
            {
                return await Health.CheckAsync(settings.Urls, output, error) ? Ok : Failed;
            }

            await using var app = SiloApp.Build(settings);
            using (StartWatch.Begin(settings, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(StartWatch)), TimeProvider.System))
            {
                await app.StartAsync();
            }

            var warning = ServerHost.Warning(app.Services, settings.Addresses);
            string store = app.Services.GetRequiredService<DatabaseEngine>().StoreUrl;
            if (settings.LogFormat is LogFormat.Json)
            {
                ServerHost.LogStart(app, store, warning);
            }
            else
            {
                Announcement.Write(output, settings, warning, store, [.. app.Urls]);
                output.Flush();
            }

            // Ends by Ctrl-C or SIGTERM: HTTP ends first, then the grains, then the engine, each with what it has under way.
            await app.WaitForShutdownAsync();
            if (settings.LogFormat is LogFormat.Json)
            {
                ServerHost.LogEnd(app);
            }
            else
            {
                output.WriteLine("Stopped.");
            }

            return Ok;
        }
        catch (Exception e) when (Known(e) is { } known)
        {
            error.WriteLine($"error: {known.Message}");
            error.WriteLine($"next:  {Advice.For(known)}");
            bool badSettings = known is (SettingException or RefusedSettingsException or OptionsValidationException or DatabaseException { Kind: ErrorKind.Invalid });
            return badSettings && !asksForHealth ? BadSettings : Failed;
        }
    }

    /// <summary>The error behind an error that is the user's to mend, if there is one; the way to it is of no use to a user.</summary>
    private static Exception? Known(Exception error) => error switch
    {
        SettingException or RefusedSettingsException or OptionsValidationException or DatabaseException or OrleansConfigurationException or IOException => error,
        AmazonClientException or AmazonServiceException => error,
        AggregateException many => many.InnerExceptions.Select(Known).FirstOrDefault(known => known is not null),
        { InnerException: { } inner } => Known(inner) ?? error as OrleansException,
        _ => error as OrleansException,
    };
}
