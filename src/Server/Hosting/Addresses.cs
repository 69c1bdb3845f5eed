using System.Net;
using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>Where a server listens, and who can reach that.</summary>
internal static class Addresses
{
    /// <summary>Whether this is an address that a server can listen on.</summary>
    public static bool IsAddress(string url)
    {
        try
        {
            var parsed = BindingAddress.Parse(url);
            return (parsed.Scheme == Uri.UriSchemeHttp || parsed.Scheme == Uri.UriSchemeHttps) && parsed.Host.Length > 0;
        }
        catch (Exception error) when (error is FormatException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Whether nobody but this machine can reach it. What can't be read counts as open.</summary>
    public static bool AreLocal(IEnumerable<string> urls) => urls.All(url =>
        IsAddress(url) && BindingAddress.Parse(url) is var address && !address.IsUnixPipe
        && (address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip))));
}
