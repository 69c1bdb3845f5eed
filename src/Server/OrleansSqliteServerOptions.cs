using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server;

/// <summary>Limits of the HTTP endpoints, validated when the app starts.</summary>
public sealed class OrleansSqliteServerOptions
{
    /// <summary>The largest body of a request in bytes; a larger one is answered with 413. Default 16 MiB.</summary>
    public long RequestBytes { get; set; } = 16L << 20;

    /// <summary>How long one request may take, its answer included, before it is cancelled. Default 60 s.</summary>
    public TimeSpan RequestTime { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an import, export, collection or compaction may take before it is cancelled. Default 1 h.</summary>
    public TimeSpan LongRequestTime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// The largest SQLite file that may be imported, in bytes; a larger one is answered with 413. While it is imported it lies in the folder for temporary
    /// files, and a copy of it that nobody else writes to. Default 1 GiB.
    /// </summary>
    public long ImportBytes { get; set; } = 1L << 30;

    /// <summary>How many imports may run at once; a further one is answered with 429. Default 2.</summary>
    public int ImportsAtOnce { get; set; } = 2;

    /// <summary>How many streams of the libSQL protocol may be open at once; a further one is answered with 429. Default 1,000.</summary>
    public int Streams { get; set; } = 1000;

    /// <summary>How long a stream of the libSQL protocol waits for its client's next request over HTTP before its transaction is rolled back. Default 10 s.</summary>
    public TimeSpan StreamIdleTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest answer to a pipeline of the libSQL protocol, or to one request of a WebSocket, in bytes, about; cursors over HTTP have no limit. Default 16 MiB.</summary>
    public long StreamAnswerBytes { get; set; } = 16L << 20;

    /// <summary>How many steps a batch, and how many requests a pipeline of the libSQL protocol may have. Default 10,000.</summary>
    public int BatchSteps { get; set; } = 10_000;

    /// <summary>How many statements a client of the libSQL protocol may store. Default 1,000.</summary>
    public int StoredStatements { get; set; } = 1000;

    /// <summary>How long the readiness check waits for the store. Default 5 s.</summary>
    public TimeSpan ReadyTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Who may use the databases. Default: everyone who reaches the server.</summary>
    public AccessOptions Access { get; } = new();

    /// <summary>The origins whose web pages may call, such as <c>https://app.example</c>. Default: none.</summary>
    public IList<string> Origins { get; } = [];

    /// <summary>How many requests to databases one token may send per second; without a login, one address. More are answered with 429. Default 0: not bounded.</summary>
    public int RequestsPerSecond { get; set; }

    /// <summary>How many of them may come at once after a pause. Default 100.</summary>
    public int RequestBurst { get; set; } = 100;

    /// <summary>How many rows a query may give. Default 10 million.</summary>
    public long QueryRows { get; set; } = 10_000_000;

    /// <summary>How many bytes of an answer a query may fill. Default 1 GiB.</summary>
    public long QueryBytes { get; set; } = 1L << 30;
}

internal sealed class OrleansSqliteServerOptionsCheck : IValidateOptions<OrleansSqliteServerOptions>
{
    public ValidateOptionsResult Validate(string? name, OrleansSqliteServerOptions options) => options switch
    {
        { RequestBytes: < 1024 } => Refuse(nameof(options.RequestBytes), "at least 1 KiB"),
        _ when options.RequestTime <= TimeSpan.Zero => Refuse(nameof(options.RequestTime), "above zero"),
        _ when options.LongRequestTime <= TimeSpan.Zero => Refuse(nameof(options.LongRequestTime), "above zero"),
        { ImportBytes: < 1024 } => Refuse(nameof(options.ImportBytes), "at least 1 KiB"),
        { ImportsAtOnce: < 1 } => Refuse(nameof(options.ImportsAtOnce), "at least 1"),
        { Streams: < 1 } => Refuse(nameof(options.Streams), "at least 1"),
        _ when options.StreamIdleTime <= TimeSpan.Zero => Refuse(nameof(options.StreamIdleTime), "above zero"),
        { StreamAnswerBytes: < 1024 } => Refuse(nameof(options.StreamAnswerBytes), "at least 1 KiB"),
        { BatchSteps: < 1 } => Refuse(nameof(options.BatchSteps), "at least 1"),
        { StoredStatements: < 1 } => Refuse(nameof(options.StoredStatements), "at least 1"),
        _ when options.ReadyTime <= TimeSpan.Zero => Refuse(nameof(options.ReadyTime), "above zero"),
        { RequestsPerSecond: < 0 } => Refuse(nameof(options.RequestsPerSecond), "0 or more"),
        { RequestBurst: < 1 } => Refuse(nameof(options.RequestBurst), "at least 1"),
        { QueryRows: < 1 } => Refuse(nameof(options.QueryRows), "at least 1"),
        { QueryBytes: < 1024 } => Refuse(nameof(options.QueryBytes), "at least 1 KiB"),
        _ when options.Origins.FirstOrDefault(origin => !IsOrigin(origin)) is { } origin =>
            ValidateOptionsResult.Fail($"'{origin}' of Origins is no origin: write scheme and host, like https://app.example, without a slash at the end."),
        _ when AccessOptionsCheck.Find(options.Access) is { } wrong => ValidateOptionsResult.Fail(wrong),
        _ => ValidateOptionsResult.Success,
    };

    private static bool IsOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority).Equals(origin, StringComparison.OrdinalIgnoreCase);

    private static ValidateOptionsResult Refuse(string setting, string range) =>
        ValidateOptionsResult.Fail($"The setting {setting} must be {range}.");
}
