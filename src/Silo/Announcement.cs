using OrleansSqlite.Server;

namespace OrleansSqlite.Silo;

/// <summary>What the silo says once it listens.</summary>
internal static class Announcement
{
    public static void Write(TextWriter output, SiloSettings settings, string? warning, string store, IReadOnlyList<string> addresses)
    {
        // Nobody can call "all addresses".
        string address = addresses[0].TrimEnd('/')
            .Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal)
            .Replace("//[::]", "//127.0.0.1", StringComparison.Ordinal);
        output.WriteLine(settings.Clustering == Backing.Local
            ? "OrleansSqlite: a silo, its cluster on this machine alone. Others may serve the same store at the same time."
            : $"OrleansSqlite: a silo of the cluster {settings.ClusterId}. Others may serve the same store at the same time.");
        output.WriteLine($"store      {store}");
        output.WriteLine($"listening  {string.Join("  ", addresses)}");
        if (warning is not null)
        {
            output.WriteLine($"warning    {warning}");
        }

        output.WriteLine();
        output.WriteLine("Try this in another terminal:");
        output.WriteLine();
        foreach (string command in FirstSteps.Commands(address))
        {
            output.WriteLine(command);
        }

        output.WriteLine();
        output.WriteLine($"All there is: curl {address}/    Ctrl-C stops.");
    }
}
