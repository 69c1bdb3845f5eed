using System.Diagnostics;
using System.Text;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>A directory store under several real processes, some of which are killed.</summary>
public sealed class DirectoryProcessTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryDirectory directory = new();

    private string Url => $"file:{directory.Path}";

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        directory.Delete();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Of_increments_by_several_processes_none_is_lost_and_none_counts_twice()
    {
        const int Count = 60;
        Process[] racers = [.. Enumerable.Range(0, 4).Select(i => RaceProcess.Start("append", Url, "db/head", $"p{i}", $"{Count}"))];
        await Task.WhenAll(racers.Select(racer => racer.WaitForExitAsync()));
        Assert.All(racers, racer => Assert.Equal(0, racer.ExitCode));
        Array.ForEach(racers, racer => racer.Dispose());

        await using var store = new DirectoryStore(directory.Path);
        ReadResult read = await store.ReadAsync("db/head", null, None);
        string[] lines = Encoding.ASCII.GetString(read.Content.Span).Split(';', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4 * Count, lines.Length);
        Assert.Equal(lines.Length, lines.Distinct().Count());
        Assert.Empty(Directory.GetFiles(directory.Below(".orleans-sqlite/temp")));
    }

    [Fact]
    public async Task A_writer_killed_at_any_moment_leaves_a_whole_value_no_older_than_it_said()
    {
        await using var store = new DirectoryStore(directory.Path);
        var random = new Random(4711);
        for (int round = 0; round < 30; round++)
        {
            long said = await RunAndKillAsync(TimeSpan.FromMilliseconds(random.Next(0, 60)));

            ReadResult read = await store.ReadAsync("db/head", null, None);
            long stored = NumberedValue.Number(read.Content.Span);
            Assert.True(read.Content.Span.SequenceEqual(NumberedValue.Make(stored)), $"The value of {stored} is not whole.");
            Assert.InRange(stored, said, said + 1);
            Assert.Equal("db/head", Assert.Single(await store.ListAsync("", None).ToArrayAsync()).Key);

            // The killed one's lock is gone with it: the next swap goes through at once.
            Assert.Equal(SwapAnswer.Done, (await store.SwapAsync("db/head", NumberedValue.Make(stored + 1), read.Tag, None)).Answer);
        }
    }

    [Fact]
    public async Task Where_files_cannot_be_locked_nothing_is_written()
    {
        var unlocked = new Dictionary<string, string?> { ["DOTNET_SYSTEM_IO_DISABLEFILELOCKING"] = "1" };
        Assert.StartsWith("Unsafe: Files cannot be locked here", await RaceProcess.RunAsync(unlocked, "write", Url, "db/a", "10"), StringComparison.Ordinal);
        Assert.Equal("Missing", await RaceProcess.RunAsync(unlocked, "read", Url, "db/a"));
        Assert.Equal("done", await RaceProcess.RunAsync(new Dictionary<string, string?>(), "write", Url, "db/a", "10"));
    }

    /// <summary>Lets a writer run for a while from its first swap on, kills it, and gives the last number it said.</summary>
    private async Task<long> RunAndKillAsync(TimeSpan time)
    {
        using Process writer = RaceProcess.Start("swap", Url, "db/head");
        string said = (await writer.StandardOutput.ReadLineAsync())!;
        await Task.Delay(time);
        writer.Kill();
        string rest = await writer.StandardOutput.ReadToEndAsync();
        await writer.WaitForExitAsync();

        // The kill may have cut the last line off; only what ends in a new line was said.
        string[] lines = $"{said}\n{rest}".Split('\n');
        return long.Parse(lines.SkipLast(1).Last(line => line.Length > 0));
    }
}
