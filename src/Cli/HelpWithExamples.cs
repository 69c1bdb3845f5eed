using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace OrleansSqlite.Cli;

/// <summary>The usual help, followed by what a newcomer copies.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is Verb verb)
        {
            Section(output, "Examples:", verb.Examples);
        }
        else
        {
            Section(output, "Start here:", Start);
            Section(output, "Exit codes:", ExitCodes.Table);
            Section(output, "The store:", Store);
        }

        return ExitCodes.Ok;
    }

    private const string Start =
        """
        orleans-sqlite create shop
        orleans-sqlite execute shop "create table item(name text, price real)"
        orleans-sqlite execute shop "insert into item values (?, ?)" --arg tea --arg 2.5
        orleans-sqlite query shop "select * from item"
        orleans-sqlite shell shop
        """;

    private static readonly string Store =
        $"""
        --store, else {StoreLocation.Variable}, else a directory in your data folder
        ({StoreLocation.DefaultDirectory()}).
        A path or file:///path is a directory, s3://bucket/prefix a bucket.
        """;

    private static void Section(TextWriter output, string title, string text)
    {
        output.WriteLine(title);
        foreach (var line in text.Split('\n'))
        {
            output.WriteLine($"  {line}".TrimEnd());
        }

        output.WriteLine();
    }
}
