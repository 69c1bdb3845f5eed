using System.Text;

namespace OrleansSqlite.Tests;

/// <summary>What people see: the program on a terminal, which the script program plays.</summary>
public sealed class TerminalTests : IAsyncLifetime, IDisposable
{
    private readonly Sandbox box = new();

    public async Task InitializeAsync() => (await box.RunAsync("create", "db")).Ok();

    [Fact]
    public async Task A_query_draws_a_table_on_a_terminal()
    {
        var screen = await ScreenAsync("orleans-sqlite query db 'select 7 as seven'");
        Assert.Contains("│     7 │", screen, StringComparison.Ordinal);
        Assert.Contains("1 row", screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_shell_prompts_remembers_and_ends_with_Ctrl_D()
    {
        // The up key, then Enter: the first statement again.
        var screen = await ScreenAsync(
            "orleans-sqlite shell db",
            ("db> ", "select 6 * 7 as answer;\r"), ("1 row", "\e[A\r"), ("1 row", ".nonsense\r"), (".help lists the commands.", "\u0004"));
        Assert.Contains("db, version 0", screen, StringComparison.Ordinal);
        Assert.Contains("db> ", screen, StringComparison.Ordinal);
        Assert.Equal(2, screen.Split("│     42 │").Length - 1);
        Assert.Contains("There is no command .nonsense", screen, StringComparison.Ordinal);
        Assert.Equal("select 6 * 7 as answer;\n.nonsense\n", await File.ReadAllTextAsync(box.File("data/orleans-sqlite/shell-history")));
    }

    [Fact]
    public async Task Delete_asks_for_the_name()
    {
        Assert.Contains("nothing is deleted", await ScreenAsync("orleans-sqlite delete db", ("confirm: ", "no\r")), StringComparison.Ordinal);
        Assert.Single((await box.RunAsync("list")).Ok().Lines());
        Assert.Contains("deleted db", await ScreenAsync("orleans-sqlite delete db", ("confirm: ", "db\r")), StringComparison.Ordinal);
        Assert.Empty((await box.RunAsync("list")).Ok().Lines());
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => box.Dispose();

    /// <summary>Runs a command on a terminal. Each time that a text has come, the keys beside it are typed.</summary>
    private async Task<string> ScreenAsync(string command, params (string After, string Keys)[] steps)
    {
        using var process = box.Start("script", ["-qec", command, "/dev/null"], ("TERM", "xterm"));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var screen = new StringBuilder();
        var buffer = new char[4096];
        var (seen, step) = (0, 0);
        try
        {
            while (await process.StandardOutput.ReadAsync(buffer, patience.Token) is > 0 and var count)
            {
                screen.Append(buffer, 0, count);
                while (step < steps.Length && screen.ToString().IndexOf(steps[step].After, seen, StringComparison.Ordinal) is >= 0 and var at)
                {
                    seen = at + steps[step].After.Length;
                    await process.StandardInput.WriteAsync(steps[step++].Keys);
                    await process.StandardInput.FlushAsync(patience.Token);
                }
            }

            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"The program waits. Its screen:\n{screen}");
        }

        return screen.ToString();
    }
}
