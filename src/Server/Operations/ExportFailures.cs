using System.Diagnostics.Tracing;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace OrleansSqlite.Server;

/// <summary>Logs what goes wrong when telemetry is sent. The SDK itself keeps it from everybody who does not know where to ask.</summary>
internal sealed class ExportFailures(ILogger logger, TimeProvider time) : EventListener
{
    private const string Source = "OpenTelemetry-Exporter-OpenTelemetryProtocol";

    /// <summary>A collector that is away is met every few seconds: once in this time it is said.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    private readonly Lock turn = new();
    private DateTimeOffset? said;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Source)
        {
            EnableEvents(eventSource, EventLevel.Warning);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventSource.Name != Source || eventData.Level is not (EventLevel.Critical or EventLevel.Error or EventLevel.Warning))
        {
            // Counters come to every listener as soon as anybody asks for them.
            return;
        }

        lock (turn)
        {
            var now = time.GetUtcNow();
            if (now - said < Pause)
            {
                return;
            }

            said = now;
        }

        var text = string.Format(CultureInfo.InvariantCulture, eventData.Message ?? eventData.EventName ?? "", [.. eventData.Payload ?? []]);
        ServerLog.NotExported(logger, text.Split('\n')[0].TrimEnd());
    }
}
