using System.Globalization;
using System.Net;

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
        return Array.TrueForAll(list, IsHttp)
            ? list
            : throw new UsageException($"--urls {urls} is not what a server can listen on.", "Write it like http://127.0.0.1:8080; TLS belongs to a proxy before it.");
    }

    /// <summary>Whether only this machine can reach it.</summary>
    public static bool IsLocal(IEnumerable<string> urls) => urls.All(url =>
        new Uri(url).Host is var host && (host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))));

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

    // * and + stand for all addresses and are no host names for Uri.
    private static bool IsHttp(string url) =>
        Uri.TryCreate(url.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var uri)
        && uri.Scheme == Uri.UriSchemeHttp;
}
