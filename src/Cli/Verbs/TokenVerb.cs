using System.CommandLine;
using OrleansSqlite.Server;

namespace OrleansSqlite.Cli;

internal sealed class TokenVerb : Verb
{
    private readonly Argument<string> name = new("NAME") { Description = "Whose token it is." };
    private readonly Option<string> scope = new("--scope")
    {
        Description = "What it grants: read, write or admin, a colon, a pattern of database names; several with blanks between.",
        HelpName = "SCOPE",
        Required = true,
    };

    public TokenVerb(Terminal terminal)
        : base(
            "token", "Make a token for callers of serve, and what goes into the server's settings for it. The token itself is kept nowhere.",
            """
            orleans-sqlite token shop-frontend --scope "write:shop"
            orleans-sqlite token backup --scope "read:*" --json
            """,
            terminal)
    {
        Add(name);
        Add(scope);
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var (whose, grants) = (parsed.GetRequiredValue(name), parsed.GetRequiredValue(scope));
        if (!Scope.IsValid(grants))
        {
            throw new UsageException($"--scope \"{grants}\" grants nothing.", "Write it like --scope \"read:shop write:app-*\": read, write or admin, and a pattern of database names.");
        }

        string token = TokenHash.NewToken();
        if (parsed.GetValue(SharedOptions.Json))
        {
            DatabaseText.WriteJsonLine(Terminal, writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("name", whose);
                writer.WriteString("token", token);
                writer.WriteString("hash", TokenHash.Of(token));
                writer.WriteString("scope", grants);
                writer.WriteEndObject();
            });
        }
        else
        {
            Terminal.Out.WriteLine($"token     {token}");
            Terminal.Out.WriteLine("settings  " + System.Text.Json.JsonSerializer.Serialize(
                new { Server = new { Access = new { Tokens = new[] { new { Name = whose, Hash = TokenHash.Of(token), Scope = grants } } } } }));
            Terminal.Error.WriteLine("The token is shown this once. The server is given the line of settings (--settings FILE), which is no secret.");
        }

        return Task.FromResult(ExitCodes.Ok);
    }
}
