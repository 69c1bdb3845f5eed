using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;

namespace OrleansSqlite.Server;

/// <summary>What is exported by OTLP, as OpenTelemetry's own variables say. Without any of them: nothing.</summary>
/// <param name="Traces">Where traces go; null if nowhere.</param>
/// <param name="Metrics">Where metrics go; null if nowhere.</param>
internal sealed record TelemetrySettings(Action<OtlpExporterOptions>? Traces, Action<OtlpExporterOptions>? Metrics)
{
    private const string All = "OTEL_EXPORTER_OTLP_";

    /// <summary>Reads and checks them. The SDK takes what it can't read for its default, and would send to nobody without a word.</summary>
    /// <exception cref="RefusedSettingsException">One is wrong.</exception>
    public static TelemetrySettings Read(IConfiguration configuration)
    {
        if (bool.TryParse(configuration["OTEL_SDK_DISABLED"], out bool isDisabled) && isDisabled)
        {
            return new(null, null);
        }

        return new(Signal(configuration, "TRACES"), Signal(configuration, "METRICS"));
    }

    private static Action<OtlpExporterOptions>? Signal(IConfiguration configuration, string signal)
    {
        string own = $"{All}{signal}_";
        var isOn = Value(configuration, $"OTEL_{signal}_EXPORTER") switch
        {
            null => Value(configuration, own + "ENDPOINT") is not null || Value(configuration, All + "ENDPOINT") is not null,
            "otlp" => true,
            "none" => false,
            var other => throw new RefusedSettingsException($"OTEL_{signal}_EXPORTER is 'otlp' or 'none', and not '{other}'.", "Leave it out: what is exported is decided by OTEL_EXPORTER_OTLP_ENDPOINT."),
        };
        if (!isOn)
        {
            return null;
        }

        _ = Address(configuration, All) ?? Address(configuration, own);
        _ = Protocol(configuration, All);
        var (address, protocol, milliseconds, headers) = (Address(configuration, own), Protocol(configuration, own), Milliseconds(configuration, own), Value(configuration, own + "HEADERS"));

        // The variables for all signals are read by the SDK itself, those for one are not.
        return options =>
        {
            options.Protocol = protocol ?? options.Protocol;
            options.TimeoutMilliseconds = milliseconds ?? options.TimeoutMilliseconds;
            options.Headers = headers ?? options.Headers;
            if (address is not null)
            {
                options.Endpoint = address;
            }
        };
    }

    private static string? Value(IConfiguration configuration, string name) => configuration[name] is { Length: > 0 } value ? value : null;

    // What is wrong may hold a password, and is not repeated.
    private static Uri? Address(IConfiguration configuration, string prefix) => Value(configuration, prefix + "ENDPOINT") switch
    {
        null => null,
        var text when Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps) => address,
        _ => throw new RefusedSettingsException($"{prefix}ENDPOINT is no address of http or https.", "Write it like http://127.0.0.1:4317, or leave it out to export nothing."),
    };

    private static OtlpExportProtocol? Protocol(IConfiguration configuration, string prefix) => Value(configuration, prefix + "PROTOCOL") switch
    {
        null => null,
        "grpc" => OtlpExportProtocol.Grpc,
        "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
        var other => throw new RefusedSettingsException($"{prefix}PROTOCOL is 'grpc' or 'http/protobuf', and not '{other}'.", "Leave it out for grpc, or give the one that the collector speaks at that port."),
    };

    private static int? Milliseconds(IConfiguration configuration, string prefix) => Value(configuration, prefix + "TIMEOUT") switch
    {
        null => null,
        var text when int.TryParse(text, out int number) && number > 0 => number,
        var other => throw new RefusedSettingsException($"{prefix}TIMEOUT is a number of milliseconds above 0, and not '{other}'.", "Leave it out for 10 s."),
    };
}
