using System.CommandLine;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Cli;

internal sealed class BenchVerb : Verb
{
    private readonly Option<int> callers = new("--callers")
    {
        Description = "How many callers write at once.",
        DefaultValueFactory = _ => 16,
        HelpName = "N",
    };

    private readonly Option<double> seconds = new("--seconds")
    {
        Description = "How long they write.",
        DefaultValueFactory = _ => 10,
        HelpName = "SECONDS",
    };

    private readonly Option<bool> keep = new("--keep") { Description = "Keep the database that was written, to look at it." };

    public BenchVerb(Terminal terminal)
        : base(
            "bench", "Measure durable transactions on a new database of the store, which is deleted afterwards.",
            """
            orleans-sqlite bench
            orleans-sqlite bench --callers 256 --seconds 30 --store s3://my-bucket/databases
            orleans-sqlite bench --json
            """,
            terminal)
    {
        Add(callers);
        Add(seconds);
        Add(keep);
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var count = parsed.GetValue(callers);
        var length = parsed.GetValue(seconds);
        if (count is < 1 or > 100_000 || length is not (> 0 and <= 86_400))
        {
            throw new UsageException("--callers takes 1 to 100000, --seconds up to 86400.", "Give numbers in that range.");
        }

        var time = TimeProvider.System;
        var store = new CountingStore(ObjectStores.Open(StoreLocation.Url(parsed.GetValue(SharedOptions.Store)), time, Entropy.System));
        await using var engine = await DatabaseEngine.OpenAsync(store, cancellation: cancellation);
        var name = $"bench-{Entropy.System.Next128().ToString("x32", null)[..12]}";
        await engine.CreateAsync(name, cancellation);
        BenchResult result;
        try
        {
            if (Terminal.ErrorIsTerminal)
            {
                Terminal.Error.WriteLine($"{count} callers write to {name} in {engine.StoreUrl} for {length} s …");
            }

            result = await new BenchRun(engine.Open(name), store, time).RunAsync(count, TimeSpan.FromSeconds(length), cancellation);
        }
        finally
        {
            if (!parsed.GetValue(keep))
            {
                // Also after Ctrl-C: nobody wants it to stay.
                await engine.DeleteAsync(name, CancellationToken.None);
            }
        }

        result.Write(Terminal, engine.StoreUrl, parsed.GetValue(keep) ? name : null, parsed.GetValue(SharedOptions.Json));
        return ExitCodes.Ok;
    }
}
