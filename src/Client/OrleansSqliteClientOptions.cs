using Microsoft.Extensions.Options;

namespace OrleansSqlite.Client;

/// <summary>How a client gets to its databases, validated when the app starts.</summary>
public sealed class OrleansSqliteClientOptions
{
    /// <summary>
    /// The store of the databases, as <see cref="DatabaseEngine.OpenAsync(string, DatabaseOptions?, Microsoft.Extensions.Logging.ILoggerFactory?, TimeProvider?, CancellationToken)"/>
    /// takes it. If given, this process reads and commits by itself while the cluster is away. It must be the store that the silos use.
    /// </summary>
    public string? Store { get; set; }

    /// <summary>Opens the engine in place of <see cref="Store"/>, when it is first needed; it is disposed of with the app.</summary>
    public Func<IServiceProvider, CancellationToken, Task<DatabaseEngine>>? OpenEngine { get; set; }

    /// <summary>Settings of the engine over <see cref="Store"/>.</summary>
    public DatabaseOptions Engine { get; set; } = new();

    /// <summary>
    /// Whether each write gets an operation id, unless its caller gave one. It makes a lost answer harmless: the write is sent again,
    /// and takes effect once. Without, such a write fails with <see cref="ErrorCodes.OutcomeUnknown"/>. Default true.
    /// </summary>
    public bool OperationIds { get; set; } = true;

    /// <summary>How long a call waits for the cluster before this process does it by itself, if it was given a store. Default 10 s.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the cluster is left alone after it did not answer. Default 5 s.</summary>
    public TimeSpan Recheck { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a write whose outcome is unknown is asked for again before that is told. Default 60 s.</summary>
    public TimeSpan ResolveTime { get; set; } = TimeSpan.FromSeconds(60);
}

internal sealed class OrleansSqliteClientOptionsCheck : IValidateOptions<OrleansSqliteClientOptions>
{
    public ValidateOptionsResult Validate(string? name, OrleansSqliteClientOptions options) => options switch
    {
        { Store: not null, OpenEngine: not null } => ValidateOptionsResult.Fail("Give Store or OpenEngine, and not both."),
        _ when options.Patience <= TimeSpan.Zero => Refuse(nameof(options.Patience)),
        _ when options.Recheck <= TimeSpan.Zero => Refuse(nameof(options.Recheck)),
        _ when options.ResolveTime <= TimeSpan.Zero => Refuse(nameof(options.ResolveTime)),
        _ => ValidateOptionsResult.Success,
    };

    private static ValidateOptionsResult Refuse(string setting) => ValidateOptionsResult.Fail($"The setting {setting} must be above zero.");
}
