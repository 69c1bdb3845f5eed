using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using OrleansSqlite.Server;

namespace OrleansSqlite.Tests;

/// <summary>The console's files as a browser gets them. What the console does is tested in a browser: <c>src/Console/e2e</c>.</summary>
public sealed partial class ConsoleTests
{
    private static readonly (string, string) Browser = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

    [Fact]
    public async Task A_browser_gets_the_console_and_curl_gets_text()
    {
        await using var server = await TestServer.StartAsync();
        var page = await server.SendAsync(HttpMethod.Get, "/", null, Browser);
        Assert.Equal((200, "text/html"), (page.Status, page.MediaType));
        Assert.Contains("<title>OrleansSqlite</title>", page.Text, StringComparison.Ordinal);
        foreach (var accept in (string[])["*/*", "text/html;q=0, */*"])
        {
            var text = await server.SendAsync(HttpMethod.Get, "/", null, ("Accept", accept));
            Assert.Equal((200, "text/plain"), (text.Status, text.MediaType));
            Assert.Contains("Accept", text.Headers["Vary"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_page_may_run_nothing_but_its_own_files()
    {
        await using var server = await TestServer.StartAsync();
        var page = await server.SendAsync(HttpMethod.Get, "/", null, Browser);
        var policy = page.Headers["Content-Security-Policy"].Split("; ");
        Assert.Contains("default-src 'none'", policy);
        Assert.Contains("script-src 'self'", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.DoesNotContain("unsafe", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal("nosniff", page.Headers["X-Content-Type-Options"]);
        Assert.Equal("no-referrer", page.Headers["Referrer-Policy"]);

        // Nothing that the policy would stop: a script or a style without a file, or a file of somebody else.
        Assert.DoesNotMatch(@"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.Text);
        Assert.All(Addresses(page.Text), address => Assert.StartsWith("./console/", address, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_file_that_the_page_names_is_there_with_its_type_and_is_kept_for_ever()
    {
        await using var server = await TestServer.StartAsync();
        var page = await server.SendAsync(HttpMethod.Get, "/", null, Browser);
        var types = new Dictionary<string, string> { [".js"] = "text/javascript", [".css"] = "text/css", [".svg"] = "image/svg+xml" };
        var addresses = Addresses(page.Text);
        Assert.Equal(types.Keys.Order(), addresses.Select(Path.GetExtension).Order());
        foreach (var address in addresses)
        {
            var file = await server.SendAsync(HttpMethod.Get, address[1..]);
            Assert.Equal((200, types[Path.GetExtension(address)]), (file.Status, file.MediaType));
            Assert.Equal("public, max-age=31536000, immutable", file.Headers["Cache-Control"]);
            Assert.Equal("nosniff", file.Headers["X-Content-Type-Options"]);
            Assert.Matches(@"-[\w-]{8}\.\w+$", address);
        }
    }

    [Fact]
    public async Task The_page_is_asked_for_anew_and_sent_only_if_it_changed()
    {
        await using var server = await TestServer.StartAsync();
        var page = await server.SendAsync(HttpMethod.Get, "/", null, Browser);
        Assert.Equal("no-cache", page.Headers["Cache-Control"]);
        var again = await server.SendAsync(HttpMethod.Get, "/", null, Browser, ("If-None-Match", page.ETag!));
        Assert.Equal((304, ""), (again.Status, again.Text));
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, "/", null, Browser, ("If-None-Match", "\"another\""))).Status);
    }

    [Fact]
    public async Task Who_takes_brotli_gets_the_same_bytes_in_less_than_half()
    {
        await using var server = await TestServer.StartAsync();
        var script = new ConsoleAssets().All.Single(asset => asset.ContentType.StartsWith("text/javascript", StringComparison.Ordinal));
        var plain = await server.SendAsync(HttpMethod.Get, $"/console/{script.Name}");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/console/{script.Name}") { Headers = { { "Accept-Encoding", "gzip, br" } } };
        using var response = await server.Client.SendAsync(request);
        Assert.Equal("br", response.Content.Headers.ContentEncoding.Single());
        Assert.Contains("Accept-Encoding", response.Headers.Vary);
        Assert.NotEqual(plain.ETag, response.Headers.ETag!.Tag);
        var sent = await response.Content.ReadAsByteArrayAsync();
        Assert.InRange(sent.Length, 1, script.Bytes.Length / 2);
        await using var brotli = new BrotliStream(new MemoryStream(sent), CompressionMode.Decompress);
        using var reader = new StreamReader(brotli, Encoding.UTF8);
        Assert.Equal(plain.Text, await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task Under_a_prefix_the_page_ends_with_a_slash()
    {
        await using var engine = await DatabaseEngine.OpenAsync("memory:");
        await using var server = await TestServer.StartAsync(engine, prefix: "/data");
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = server.Client.BaseAddress };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/data?a=1") { Headers = { { Browser.Item1, Browser.Item2 } } };
        using var response = await client.SendAsync(request);
        Assert.Equal((HttpStatusCode.Redirect, "/data/?a=1"), (response.StatusCode, response.Headers.Location?.OriginalString));
        var page = await server.SendAsync(HttpMethod.Get, "/data/", null, Browser);
        Assert.All(Addresses(page.Text), address => Assert.Equal(HttpStatusCode.OK, client.GetAsync($"/data{address[1..]}").Result.StatusCode));
    }

    [Theory]
    [InlineData("/console/nothing.js")]
    [InlineData("/console/index.html")]
    [InlineData("/console/..%2Fopenapi.json")]
    public async Task What_is_no_file_of_the_console_is_not_there(string path)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(404, (await server.SendAsync(HttpMethod.Get, path)).Status);
    }

    [Fact]
    public async Task The_licences_of_what_it_is_built_with_come_along()
    {
        await using var server = await TestServer.StartAsync();
        var licences = await server.SendAsync(HttpMethod.Get, "/console/licences.md");
        Assert.Equal((200, "no-cache"), (licences.Status, licences.Headers["Cache-Control"]));
        Assert.Contains("preact", licences.Text, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\((?!MIT|Apache-2\.0)[A-Z][\w.-]+\)\s*$", string.Join('\n', licences.Text.Split('\n').Where(line => line.StartsWith("## ", StringComparison.Ordinal))));
    }

    private static string[] Addresses(string page) => [.. Address().Matches(page).Select(match => match.Groups[1].Value)];

    [GeneratedRegex(@"\s(?:src|href)=""([^""]+)""")]
    private static partial Regex Address();
}
