using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OrleansSqlite.Tests;

public sealed class LogFormatTests
{
    [Fact]
    public async Task In_JSON_every_line_is_an_object_and_nothing_else_is_said()
    {
        var start = SiloProcess.OnFreePorts("--store", "memory:");
        start.Environment["ORLEANSSQLITE_LOG_FORMAT"] = "json";
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        List<JsonElement> lines = [];
        while (!lines.Any(line => Message(line).StartsWith("Serving memory:", StringComparison.Ordinal)))
        {
            lines.Add(Parsed((await process.StandardError.ReadLineAsync(patience.Token))!));
        }

        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(patience.Token);
        }

        var rest = await process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        lines.AddRange(rest.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parsed));
        Assert.Equal((0, ""), (process.ExitCode, await process.StandardOutput.ReadToEndAsync(patience.Token)));
        Assert.Contains(lines, line => Message(line).StartsWith("NO LOGIN", StringComparison.Ordinal));
        Assert.Equal("Stopped.", Message(lines[^1]));
    }

    private static JsonElement Parsed(string line) => JsonDocument.Parse(line).RootElement;

    private static string Message(JsonElement line) => line.GetProperty("Message").GetString()!;
}
