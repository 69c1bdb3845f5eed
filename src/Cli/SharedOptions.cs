using System.CommandLine;

namespace OrleansSqlite.Cli;

/// <summary>The options that every verb understands.</summary>
internal static class SharedOptions
{
    public static readonly Option<string?> Store = new("--store")
    {
        Description = "Where the databases lie: a directory, file:///path or s3://bucket/prefix.",
        HelpName = "URL",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print JSON, for programs; errors too, on standard error.",
        Recursive = true,
    };

    public static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "Print the whole error with its stack trace.",
        Recursive = true,
    };
}
