using System.Globalization;
using System.Net;
using OrleansSqlite.Server;

namespace OrleansSqlite.Cli;

/// <summary>Where the server listens.</summary>
internal static class ListenUrls
{
    private const int DefaultPort = 8080;

    /// <exception cref="UsageException">An address or the port is none.</exception>
    public static IReadOnlyList<string> From(string? urls, string? port)
    {
        if (string.IsNullOrWhiteSpace(urls))
        {
            return [$"http://127.0.0.1:{Port(port).ToString(CultureInfo.InvariantCulture)}"];
        }

        var list = urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return list.All(Addresses.IsAddress)
            ? list
            : throw new UsageException($"--urls {urls} is not what a server can listen on.", "Write it like http://127.0.0.1:8080, or https://… with a certificate in the settings (docs/SECURITY.md).");
    }

    private static int Port(string? port)
    {
        if (string.IsNullOrWhiteSpace(port))
        {
            return DefaultPort;
        }

        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= IPEndPoint.MaxPort
            ? number
            : throw new UsageException($"PORT={port} is no port.", "Set it to a number from 0 to 65535; 0 takes any free one.");
    }
}
