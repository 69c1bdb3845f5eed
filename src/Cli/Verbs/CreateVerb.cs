using System.CommandLine;

namespace OrleansSqlite.Cli;

internal sealed class CreateVerb : Verb
{
    private readonly Argument<string> database = DatabaseArgument();

    public CreateVerb(Terminal terminal)
        : base(
            "create", "Create an empty database.",
            """
            orleans-sqlite create shop
            orleans-sqlite create shop --store s3://my-bucket/databases
            """,
            terminal)
    {
        Add(database);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        await using var engine = await OpenAsync(parsed, writes: true, cancellation);
        var made = await engine.CreateAsync(parsed.GetRequiredValue(database), cancellation);
        DatabaseText.Write(Terminal, made, parsed.GetValue(SharedOptions.Json), $"created {made.Name} in {engine.StoreUrl}");
        return ExitCodes.Ok;
    }
}
