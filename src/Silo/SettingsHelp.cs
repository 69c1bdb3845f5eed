namespace OrleansSqlite.Silo;

/// <summary>What the settings are.</summary>
internal static class SettingsHelp
{
    /// <summary>Their names.</summary>
    public static readonly IReadOnlySet<string> Names = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        "config", "store", "urls", "cluster-id", "service-id", "clustering", "grain-storage", "reminders", "advertised-address", "silo-port",
        "gateway-port", "allow-anonymous", "dynamodb-service", "dynamodb-tables", "dashboard", "disk-cache", "disk-cache-mib", "log-format",
    };

    /// <summary>What --help prints.</summary>
    public const string Text = """
        orleans-sqlite-silo: the databases of a store as grains of an Orleans cluster, and over HTTP.

        Each setting is given as --name value, in the environment (--cluster-id is ORLEANSSQLITE_CLUSTER_ID), or in a JSON file named by
        --config. The command line goes before the environment, and that before the file.

          --store URL               s3://bucket/prefix, file:path, or a path. Default: the store of the orleans-sqlite tool.
          --urls URLS               Where HTTP is served. Default http://127.0.0.1:8080, the port from PORT if that is set.
          --allow-anonymous on|off  Whether other machines are served without a login. Default off: then tokens must be in the file or the
                                    environment, as docs/SECURITY.md has them, or the addresses be of this machine.
          --disk-cache DIR          A folder for a cache of the store on this machine's disk; may be deleted at any time. Default: none.
          --disk-cache-mib N        How much that takes at most. Default 1024.
          --log-format FORMAT       text, or json: one object in each line, nothing between them, and the ids of traces. Default text.
          --config FILE             A JSON file with settings: { "store": "s3://bucket/prefix", "clustering": "dynamodb" }.
                                    Its section "Server" is the HTTP server's: tokens, keys, limits.

        OTEL_EXPORTER_OTLP_ENDPOINT and OpenTelemetry's other variables have it send traces and metrics: docs/OPERATIONS.md.

        With the word health before the same settings it serves nothing, but asks the silo that they describe whether it lives: exit code 0 or 1.

        The cluster. By default it is this silo alone, and nothing else is needed:

          --clustering KIND         localhost, store or dynamodb: how the silos find each other. Default localhost. With "store" a cluster
                                    needs nothing but the store of its databases.
          --grain-storage KIND      memory, store or dynamodb: where the catalogue is kept; losing it loses no data. Default memory.
          --reminders KIND          none, or dynamodb. Default none.
          --cluster-id NAME         Silos of one cluster have the same. Default orleans-sqlite.
          --service-id NAME         Stays the same when clusters come and go. Default orleans-sqlite.
          --advertised-address IP   Where other silos and clients reach this one. Default: found by itself.
          --silo-port PORT          For other silos. Default 11111.
          --gateway-port PORT       For clients of the cluster. Default 30000.
          --dynamodb-service NAME   A region such as eu-central-1, or a URL. Credentials come from where the AWS SDK looks for them.
          --dynamodb-tables NAME    What the names of the tables begin with. Default OrleansSqlite.
          --dashboard on|off        Orleans' dashboard at /dashboard, for callers on this machine only. Default off.

        examples:
          orleans-sqlite-silo --store s3://my-bucket/databases --urls http://0.0.0.0:8080 --config silo.json
          orleans-sqlite-silo --store s3://my-bucket/databases --clustering store
          orleans-sqlite-silo --store s3://my-bucket/databases --clustering dynamodb --dynamodb-service eu-central-1
          orleans-sqlite-silo health --urls http://0.0.0.0:8080

        Every silo of a cluster is given the same store. Others may write to it at the same time: single nodes, programs with the
        library, other clusters. docs/CLUSTER.md says more.

        """;
}
