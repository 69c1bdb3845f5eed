using System.Text.RegularExpressions;

namespace OrleansSqlite.Tests;

/// <summary>Runs the commands of the documentation, and compares what they print with what the page says.</summary>
public sealed class DocsTests : IDisposable
{
    /// <summary>The address that the pages show, which the test's own server stands in for.</summary>
    private const string Address = "http://127.0.0.1:8080";

    private readonly Sandbox box = new();

    [Fact]
    public async Task The_page_about_the_command_line_is_true() => Assert.InRange(await RunAsync("CLI.md", null), 25, 1000);

    [Fact]
    public async Task What_to_do_about_damage_is_true() => Assert.InRange(await RunAsync("OPERATIONS.md", null), 10, 1000);

    [Fact]
    public async Task The_page_about_security_is_true() => Assert.InRange(await RunAsync("SECURITY.md", null), 2, 1000);

    [Fact]
    public async Task The_page_about_HTTP_is_true()
    {
        await using var serve = await ServeProcess.StartAsync(box);
        Assert.InRange(await RunAsync("HTTP.md", serve), 12, 1000);
    }

    [Fact]
    public async Task The_page_about_clients_of_libSQL_is_true()
    {
        await using var serve = await ServeProcess.StartAsync(box);
        Assert.InRange(await RunAsync("LIBSQL.md", serve), 4, 1000);
    }

    public void Dispose() => box.Dispose();

    private async Task<int> RunAsync(string page, ServeProcess? serve)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "docs", page));
        var commands = Regex.Matches(text, "^```console\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)
            .SelectMany(block => Commands(block.Groups[1].Value)).ToList();
        foreach (var (command, expected) in commands.Where(command => command.Line != "orleans-sqlite serve"))
        {
            var outcome = await box.BashAsync(serve is null ? command : command.Replace(Address, serve.Address, StringComparison.Ordinal));
            AssertSame($"{page}: {command}", expected, outcome.Out, outcome.Error);
        }

        return commands.Count;
    }

    private static IEnumerable<(string Line, string[] Expected)> Commands(string block)
    {
        foreach (var part in Regex.Split(block, @"^\$ ", RegexOptions.Multiline).Skip(1).Select(part => part.TrimEnd('\n').Split('\n')))
        {
            yield return (part[0], part[1..]);
        }
    }

    private static void AssertSame(string command, string[] expected, string output, string error)
    {
        var pattern = string.Join('\n', expected.Select(line => Regex.Escape(line).Replace("…", "[^\n]*?", StringComparison.Ordinal)));
        // The page shows one stream; which of the two came first on it cannot be told afterwards.
        var both = (string[])[output + error, error + output];
        Assert.True(
            both.Any(actual => Regex.IsMatch(actual.TrimEnd('\n'), $@"\A{pattern}\z", RegexOptions.None, TimeSpan.FromSeconds(10))),
            $"{command}\nshould print\n{string.Join('\n', expected)}\nbut prints\n{output}{error}");
    }
}
