using OrleansSqlite.Server;

namespace OrleansSqlite.Cli;

/// <summary>What serve says once it listens.</summary>
internal static class Announcement
{
    public static void Write(TextWriter output, string store, IReadOnlyList<string> addresses, string? warning)
    {
        var address = Reachable(addresses[0]);
        output.WriteLine("OrleansSqlite: one node without a cluster. Others may serve the same store at the same time.");
        output.WriteLine($"store      {store}");
        output.WriteLine($"listening  {string.Join("  ", addresses)}");
        if (warning is not null)
        {
            output.WriteLine($"warning    {warning}");
        }

        output.WriteLine();
        output.WriteLine("Try this in another terminal:");
        output.WriteLine();
        foreach (var command in FirstSteps.Commands(address))
        {
            output.WriteLine(command);
        }

        output.WriteLine();
        output.WriteLine($"All there is: curl {address}/    Ctrl-C stops.");
    }

    /// <summary>The address as one would type it: nobody can call "all addresses".</summary>
    private static string Reachable(string address) => address.TrimEnd('/')
        .Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal)
        .Replace("//[::]", "//127.0.0.1", StringComparison.Ordinal);
}
