namespace OrleansSqlite.Tests;

public sealed class HelpTests : IDisposable
{
    private readonly Sandbox box = new();

    [Theory]
    [InlineData("create")]
    [InlineData("list")]
    [InlineData("info")]
    [InlineData("query")]
    [InlineData("execute")]
    [InlineData("shell")]
    [InlineData("import")]
    [InlineData("export")]
    [InlineData("delete")]
    [InlineData("serve")]
    [InlineData("token")]
    [InlineData("bench")]
    public async Task Every_verb_has_help_with_an_example(string verb)
    {
        var help = (await box.RunAsync(verb, "--help")).Ok().Out;
        Assert.Contains($"\n  orleans-sqlite {verb}", help[help.IndexOf("Examples:", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Contains("--store", help, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_root_lists_the_verbs_and_the_exit_codes()
    {
        var help = (await box.RunAsync("--help")).Ok().Out;
        Assert.Equal(help, (await box.RunAsync()).Ok().Out);
        foreach (var word in (string[])["Exit codes:", "0  done", "2  invalid", "3  conflict", "4  unavailable", "5  overloaded", "6  corrupt", "7  internal", "ORLEANSSQLITE_STORE"])
        {
            Assert.Contains(word, help, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Serve_says_how_it_is_watched()
    {
        var help = (await box.RunAsync("serve", "--help")).Ok().Out;
        Assert.Contains("--log-format", help, StringComparison.Ordinal);
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT", help, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_told() => Assert.Matches(@"^\d+\.\d+\.\d+", (await box.RunAsync("--version")).Ok().Out);

    public void Dispose() => box.Dispose();
}
