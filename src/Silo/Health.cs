using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Silo;

/// <summary>Asks a silo on this machine whether it lives, for container images that have no program that could.</summary>
internal static class Health
{
    /// <summary>The first argument that asks for this.</summary>
    public const string Argument = "health";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Whether the silo that serves these URLs answers, and says so.</summary>
    public static async Task<bool> CheckAsync(string urls, TextWriter output, TextWriter error)
    {
        var url = LiveUrl(urls);

        // A proxy is for others than this machine.
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var client = new HttpClient(handler) { Timeout = Patience };
        try
        {
            using var answer = await client.GetAsync(url);
            answer.EnsureSuccessStatusCode();
            output.WriteLine("live");
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            error.WriteLine($"error: {url} does not answer: {e.Message}");
            error.WriteLine("next:  Read the log of the silo; check that it has the same --urls.");
            return false;
        }
    }

    /// <summary>Where the first of the URLs that a silo listens at can be called from here.</summary>
    internal static Uri LiveUrl(string urls)
    {
        try
        {
            var listens = BindingAddress.Parse(urls.Split(';')[0]);
            string host = listens.Host is "0.0.0.0" or "[::]" or "*" or "+" ? "127.0.0.1" : listens.Host;
            return new UriBuilder(listens.Scheme, host, listens.Port, $"{listens.PathBase}/health/live").Uri;
        }
        catch (FormatException e)
        {
            throw new SettingException($"--urls {urls} is no URL: {e.Message}");
        }
    }
}
