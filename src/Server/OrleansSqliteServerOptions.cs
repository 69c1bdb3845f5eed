using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server;

/// <summary>Limits of the HTTP endpoints, validated when the app starts.</summary>
public sealed class OrleansSqliteServerOptions
{
    /// <summary>The largest body of a request in bytes; a larger one is answered with 413. Default 16 MiB.</summary>
    public long RequestBytes { get; set; } = 16L << 20;

    /// <summary>How long one request may take, its answer included, before it is cancelled. Default 60 s.</summary>
    public TimeSpan RequestTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the readiness check waits for the store. Default 5 s.</summary>
    public TimeSpan ReadyTime { get; set; } = TimeSpan.FromSeconds(5);
}

internal sealed class OrleansSqliteServerOptionsCheck : IValidateOptions<OrleansSqliteServerOptions>
{
    public ValidateOptionsResult Validate(string? name, OrleansSqliteServerOptions options) => options switch
    {
        { RequestBytes: < 1024 } => Refuse(nameof(options.RequestBytes), "at least 1 KiB"),
        _ when options.RequestTime <= TimeSpan.Zero => Refuse(nameof(options.RequestTime), "above zero"),
        _ when options.ReadyTime <= TimeSpan.Zero => Refuse(nameof(options.ReadyTime), "above zero"),
        _ => ValidateOptionsResult.Success,
    };

    private static ValidateOptionsResult Refuse(string setting, string range) =>
        ValidateOptionsResult.Fail($"The setting {setting} must be {range}.");
}
