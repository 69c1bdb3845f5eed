using System.Globalization;

namespace OrleansSqlite.Bench;

/// <summary>What the command line says.</summary>
/// <param name="Workload">Which workload.</param>
/// <param name="Length">How long each case is measured.</param>
/// <param name="Store">The URL of a real store, if one is named.</param>
/// <param name="Json">Whether the result is to be JSON.</param>
/// <param name="Only">A part of the names of the cases that are to run; empty for all.</param>
/// <param name="Gigabytes">How large the file of the workload "large" is.</param>
/// <param name="Folder">Where that puts its files, if not with the temporary ones.</param>
/// <param name="Commits">How long the life of the workload "long" is.</param>
/// <param name="Part">What a writer of the workload "herd" does, which runs in a process of its own.</param>
internal sealed record Settings(string Workload, TimeSpan Length, string? Store, bool Json, string Only, double Gigabytes = 1, string? Folder = null, int Commits = 10_000, HerdPart? Part = null)
{
    public const string Usage = """
        dotnet run -c Release --project bench -- <workload> [--seconds N] [--store URL] [--only CASE] [--gigabytes N] [--folder F] [--commits N] [--json]

          writes     durable single-row inserts on one database; S3's latencies are modelled
          reads      hot reads beside a plain SQLite file
          data       connections of ADO.NET beside plain Microsoft.Data.Sqlite: what recording costs
          import     100 MB in and out, beside SQLite's own copy of the same file
          large      a file of --gigabytes N in --folder F: import, queries, a scan and an export, with S3's latencies modelled
          long       --commits N one after the other in a year of a clock of its own: what commits and openings cost at its end as at its start, and what is stored
          herd       durable single-row inserts by 16 processes on the S3 store that --store names, with combining and without
          http       durable single-row inserts by 256 clients of the server, beside callers of the engine; S3's latencies are modelled
          directory  durable single-row inserts on a directory, beside a plain SQLite file
          s3         the same on the S3 store that --store names
        """;

    public static Settings Parse(string[] arguments)
    {
        if (arguments.Length == 0)
        {
            throw new ArgumentException("No workload is named.");
        }

        var settings = new Settings(arguments[0], TimeSpan.FromSeconds(10), null, false, "");
        for (int i = 1; i < arguments.Length; i++)
        {
            settings = arguments[i] switch
            {
                "--json" => settings with { Json = true },
                "--seconds" => settings with { Length = TimeSpan.FromSeconds(double.Parse(Value(arguments, ref i), CultureInfo.InvariantCulture)) },
                "--store" => settings with { Store = Value(arguments, ref i) },
                "--gigabytes" => settings with { Gigabytes = double.Parse(Value(arguments, ref i), CultureInfo.InvariantCulture) },
                "--commits" => settings with { Commits = int.Parse(Value(arguments, ref i), CultureInfo.InvariantCulture) },
                "--part" => settings with { Part = HerdPart.Parse(Value(arguments, ref i)) },
                "--folder" => settings with { Folder = Value(arguments, ref i) },
                "--only" => settings with { Only = Value(arguments, ref i) },
                _ => throw new ArgumentException($"There is no option '{arguments[i]}'."),
            };
        }

        return settings;
    }

    /// <summary>Whether a case is to run.</summary>
    public bool Wants(string name) => name.Contains(Only, StringComparison.OrdinalIgnoreCase);

    private static string Value(string[] arguments, ref int i) =>
        ++i < arguments.Length ? arguments[i] : throw new ArgumentException($"The option {arguments[i - 1]} has no value.");
}
