using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace OrleansSqlite.Tests;

public sealed class LogFormatTests : IDisposable
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Sandbox box = new();

    [Fact]
    public async Task In_JSON_every_line_is_an_object_and_nothing_else_is_said()
    {
        await box.RunAsync("create", "damaged");
        await File.WriteAllTextAsync(Path.Combine(box.StoreFolder, "damaged", "head"), "no head");
        using var process = box.Start(Sandbox.Program, ["serve", "--log-format", "json"], ("PORT", "0"));
        using var patience = new CancellationTokenSource(Patience);
        var serving = JsonDocument.Parse((await process.StandardError.ReadLineAsync(patience.Token))!).RootElement;
        Assert.Equal("Information", serving.GetProperty("LogLevel").GetString());
        Assert.Contains(box.StoreFolder, serving.GetProperty("State").GetProperty("Store").GetString(), StringComparison.Ordinal);
        var at = DateTimeOffset.Parse(serving.GetProperty("Timestamp").GetString()!, CultureInfo.InvariantCulture);
        Assert.EndsWith("Z", serving.GetProperty("Timestamp").GetString(), StringComparison.Ordinal);
        Assert.InRange(at, DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow.AddMinutes(1));

        // An error with a stack trace, which has many lines, and of which one knows the request.
        using var client = new HttpClient { BaseAddress = new Uri(serving.GetProperty("State").GetProperty("Addresses").GetString()!) };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/databases/damaged") { Headers = { { "traceparent", $"00-{Trace}-00f067aa0ba902b7-01" } } };
        Assert.Equal(HttpStatusCode.InternalServerError, (await client.SendAsync(request)).StatusCode);

        var rest = process.StandardError.ReadToEndAsync(patience.Token);
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(patience.Token);
        }

        await process.WaitForExitAsync(patience.Token);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal("", await process.StandardOutput.ReadToEndAsync(patience.Token));
        var lines = (await rest).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Contains(lines, line => line.GetProperty("LogLevel").GetString() == "Warning" && Message(line).StartsWith("NO LOGIN", StringComparison.Ordinal));
        var failed = Assert.Single(lines, line => line.GetProperty("LogLevel").GetString() == "Error");
        Assert.Contains("damaged", failed.GetProperty("Exception").GetString(), StringComparison.Ordinal);
        Assert.Contains(failed.GetProperty("Scopes").EnumerateArray(), scope => scope.TryGetProperty("TraceId", out var trace) && trace.GetString() == Trace);
        Assert.Equal("Stopped.", Message(lines[^1]));
    }

    [Fact]
    public async Task Text_is_for_people()
    {
        await using var serve = await ServeProcess.StartAsync(box, "--log-format", "text");
        Assert.Equal(HttpStatusCode.OK, (await serve.Client.GetAsync("/health/live")).StatusCode);
        Assert.Equal("", (await serve.StopAsync()).Error);
    }

    [Fact]
    public async Task Another_format_is_refused() =>
        (await box.RunAsync("serve", "--log-format", "xml")).Failed(2, "--log-format is 'text' or 'json', and not 'xml'.");

    public void Dispose() => box.Dispose();

    private static string Message(JsonElement line) => line.GetProperty("Message").GetString()!;
}
