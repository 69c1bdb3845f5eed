using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace OrleansSqlite.Server;

/// <summary>Logs on standard error, as whoever started the program wants them.</summary>
internal static class ConsoleLogs
{
    /// <summary>The format of that name.</summary>
    /// <param name="name">What was given; null if nothing was.</param>
    /// <param name="refuse">Makes the error for another name.</param>
    public static LogFormat Format(string? name, Func<string, Exception> refuse) => name switch
    {
        null or "text" => LogFormat.Text,
        "json" => LogFormat.Json,
        var other => throw refuse($"--log-format is 'text' or 'json', and not '{other}'."),
    };

    /// <summary>Writes logs in that format.</summary>
    public static ILoggingBuilder AddConsole(ILoggingBuilder logging, LogFormat format)
    {
        if (format is LogFormat.Json)
        {
            logging.AddJsonConsole(console =>
            {
                console.IncludeScopes = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddSimpleConsole(console => console.SingleLine = true);
        }

        // Results go to standard output, what happens beside them to standard error.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return logging.Configure(factory => factory.ActivityTrackingOptions =
            ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId | ActivityTrackingOptions.ParentId);
    }
}
