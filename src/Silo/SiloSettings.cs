using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using OrleansSqlite.Server;

namespace OrleansSqlite.Silo;

/// <summary>Where the members of a cluster find each other, or where grains keep what they keep.</summary>
internal enum Backing
{
    /// <summary>On this machine, in memory: one silo, for development.</summary>
    Local,

    /// <summary>In the store of the databases.</summary>
    Store,

    /// <summary>DynamoDB.</summary>
    DynamoDB,
}

/// <summary>The settings of a silo: from a file, the environment, and the command line, the later before the earlier.</summary>
internal sealed class SiloSettings
{
    /// <summary>What the environment variables begin with.</summary>
    public const string Prefix = "ORLEANSSQLITE_";

    /// <summary>The store of the databases.</summary>
    public required string Store { get; init; }

    /// <summary>Where HTTP is served.</summary>
    public required string Urls { get; init; }

    /// <summary>The same, one by one.</summary>
    public IReadOnlyList<string> Addresses => Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The file with settings, of which the HTTP server has a section of its own.</summary>
    public string? Config { get; init; }

    /// <summary>Whether other machines are served without a login.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>The cluster that this silo joins.</summary>
    public required string ClusterId { get; init; }

    /// <summary>The name under which grains keep what they keep; it outlives clusters.</summary>
    public required string ServiceId { get; init; }

    /// <summary>How the members find each other.</summary>
    public Backing Clustering { get; init; }

    /// <summary>Where grains keep what they keep.</summary>
    public Backing GrainStorage { get; init; }

    /// <summary>Whether reminders are kept, in DynamoDB.</summary>
    public bool Reminders { get; init; }

    /// <summary>The address at which other silos and clients reach this one; found by itself if null.</summary>
    public IPAddress? AdvertisedAddress { get; init; }

    /// <summary>The port for other silos.</summary>
    public int SiloPort { get; init; }

    /// <summary>The port for clients of the cluster.</summary>
    public int GatewayPort { get; init; }

    /// <summary>DynamoDB's region, or the URL of a server that speaks its protocol.</summary>
    public string? DynamoDBService { get; init; }

    /// <summary>Whether anything is kept there.</summary>
    public bool UsesDynamoDB => Clustering == Silo.Backing.DynamoDB || GrainStorage == Silo.Backing.DynamoDB || Reminders;

    /// <summary>What the names of its tables begin with.</summary>
    public required string DynamoDBTables { get; init; }

    /// <summary>Whether Orleans' dashboard is shown, to callers on this machine.</summary>
    public bool Dashboard { get; init; }

    /// <summary>The folder of the cache on disk, if there is to be one.</summary>
    public string? DiskCache { get; init; }

    /// <summary>How much that takes at most, in MiB.</summary>
    public int DiskCacheMib { get; init; }

    /// <summary>For whom logs are written.</summary>
    public LogFormat LogFormat { get; init; }

    /// <summary>Reads and checks them.</summary>
    /// <exception cref="SettingException">One is wrong, or there is none of that name.</exception>
    public static SiloSettings Read(string[] args)
    {
        var commandLine = new ConfigurationBuilder().AddCommandLine(args).Build();
        foreach (var (key, _) in commandLine.AsEnumerable())
        {
            if (!SettingsHelp.Names.Contains(key))
            {
                throw new SettingException($"There is no setting '{key}'.");
            }
        }

        if (args.FirstOrDefault(arg => !arg.StartsWith("--", StringComparison.Ordinal) && !IsValue(args, arg)) is { } stray)
        {
            throw new SettingException($"'{stray}' is no setting. They are written --name value.");
        }

        var configuration = new ConfigurationBuilder();
        if (commandLine["config"] is { } file)
        {
            configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        }

        return From(configuration.AddInMemoryCollection(Environment()).AddCommandLine(args).Build());
    }

    /// <summary>ORLEANSSQLITE_CLUSTER_ID is cluster-id: a shell takes no dashes in names.</summary>
    private static Dictionary<string, string?> Environment()
    {
        Dictionary<string, string?> found = new(StringComparer.OrdinalIgnoreCase);
        foreach (System.Collections.DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            if (variable.Key is string name && name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            {
                string setting = name[Prefix.Length..].Replace('_', '-');
                if (SettingsHelp.Names.Contains(setting))
                {
                    found[setting] = (string?)variable.Value;
                }
            }
        }

        return found;
    }

    /// <summary>Settings out of a configuration.</summary>
    public static SiloSettings From(IConfiguration configuration)
    {
        var settings = new SiloSettings
        {
            Store = configuration["store"] is { Length: > 0 } store ? StoreUrl(store) : DefaultStore(),
            Urls = configuration["urls"] is { Length: > 0 } urls ? urls : $"http://127.0.0.1:{Port(System.Environment.GetEnvironmentVariable("PORT") is { Length: > 0 } port ? port : "8080", "PORT")}",
            ClusterId = configuration["cluster-id"] ?? "orleans-sqlite",
            ServiceId = configuration["service-id"] ?? "orleans-sqlite",
            Clustering = Backing(configuration, "clustering", "localhost"),
            GrainStorage = Backing(configuration, "grain-storage", "memory"),
            Reminders = (configuration["reminders"] ?? "none") switch
            {
                "none" => false,
                "dynamodb" => true,
                var other => throw new SettingException($"--reminders is 'none' or 'dynamodb', and not '{other}'."),
            },
            AdvertisedAddress = configuration["advertised-address"] is { } address
                ? IPAddress.TryParse(address, out var parsed) ? parsed : throw new SettingException($"--advertised-address {address} is no IP address.")
                : null,
            SiloPort = Port(configuration["silo-port"] ?? "11111", "--silo-port"),
            GatewayPort = Port(configuration["gateway-port"] ?? "30000", "--gateway-port"),
            DynamoDBService = configuration["dynamodb-service"],
            DynamoDBTables = configuration["dynamodb-tables"] ?? "OrleansSqlite",
            DiskCache = configuration["disk-cache"] is { Length: > 0 } folder ? folder : null,
            DiskCacheMib = int.TryParse(configuration["disk-cache-mib"] ?? "1024", NumberStyles.None, CultureInfo.InvariantCulture, out int mib) && mib > 0
                ? mib
                : throw new SettingException($"--disk-cache-mib is a number of MiB above 0, and not '{configuration["disk-cache-mib"]}'."),
            LogFormat = ConsoleLogs.Format(configuration["log-format"], message => new SettingException(message)),
            Dashboard = Flag(configuration, "dashboard"),
            Config = configuration["config"],
            AllowAnonymous = Flag(configuration, "allow-anonymous"),
        };
        return settings.UsesDynamoDB && settings.DynamoDBService is null
            ? throw new SettingException("DynamoDB needs --dynamodb-service: a region such as eu-central-1, or the URL of a server that speaks its protocol.")
            : settings;
    }

    private static Backing Backing(IConfiguration configuration, string setting, string local) => (configuration[setting] ?? local) switch
    {
        "dynamodb" => Silo.Backing.DynamoDB,
        "store" => Silo.Backing.Store,
        var value when value == local => Silo.Backing.Local,
        var other => throw new SettingException($"--{setting} is '{local}', 'store' or 'dynamodb', and not '{other}'."),
    };

    private static bool Flag(IConfiguration configuration, string setting) => (configuration[setting] ?? "off") switch
    {
        "off" => false,
        "on" => true,
        var other => throw new SettingException($"--{setting} is 'on' or 'off', and not '{other}'."),
    };

    private static int Port(string text, string setting) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= IPEndPoint.MaxPort
            ? port
            : throw new SettingException($"{setting} {text} is no port. Give a number from 0 to 65535; 0 takes any free one.");

    // One letter before the colon is a drive.
    private static string StoreUrl(string store) => store.IndexOf(':', StringComparison.Ordinal) > 1 ? store : new Uri(Path.GetFullPath(store)).AbsoluteUri;

    /// <summary>Where the command line keeps its databases, too.</summary>
    private static string DefaultStore()
    {
        string home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.LocalApplicationData, System.Environment.SpecialFolderOption.DoNotVerify);
        string directory = Path.Combine(home.Length > 0 ? home : Path.GetTempPath(), "orleans-sqlite", "store");
        Directory.CreateDirectory(directory);
        return new Uri(directory).AbsoluteUri;
    }

    private static bool IsValue(string[] args, string arg)
    {
        int at = Array.IndexOf(args, arg);
        return at > 0 && args[at - 1].StartsWith("--", StringComparison.Ordinal) && !args[at - 1].Contains('=', StringComparison.Ordinal);
    }
}
