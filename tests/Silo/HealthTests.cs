using OrleansSqlite.Silo;

namespace OrleansSqlite.Tests;

/// <summary>A silo can be asked by its own program whether it lives.</summary>
public sealed class HealthTests
{
    [Theory]
    [InlineData("http://0.0.0.0:8080", "http://127.0.0.1:8080/health/live")]
    [InlineData("http://+:8080", "http://127.0.0.1:8080/health/live")]
    [InlineData("http://*:8080", "http://127.0.0.1:8080/health/live")]
    [InlineData("http://[::]:8080;http://other:1", "http://127.0.0.1:8080/health/live")]
    [InlineData("http://[::1]:8080", "http://[::1]:8080/health/live")]
    [InlineData("http://localhost:8080/", "http://localhost:8080/health/live")]
    public void It_is_asked_where_it_listens(string urls, string expected) => Assert.Equal(expected, Health.LiveUrl(urls).AbsoluteUri);

    [Fact]
    public async Task A_silo_that_runs_is_live_and_one_that_is_gone_is_not()
    {
        await using var silo = await SiloProcess.StartAsync("--store", "memory:");
        string url = silo.Client.BaseAddress!.AbsoluteUri;

        // It is asked for five seconds, which a busy machine may take; a container's host asks three times, too.
        var answer = await AskAsync("health", "--urls", url);
        for (int again = 0; answer.Code != 0 && again < 2; again++)
        {
            answer = await AskAsync("health", "--urls", url);
        }

        Assert.Equal((0, "live\n", ""), answer);

        await silo.StopAsync();
        var (code, output, error) = await AskAsync("health", "--urls", url);
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith($"error: {url}health/live does not answer", error, StringComparison.Ordinal);
    }

    /// <summary>Docker takes 1 for an unhealthy container; other codes mean nothing to it.</summary>
    [Theory]
    [InlineData("health", "--urls", "here")]
    [InlineData("health", "--stroe", "x")]
    public async Task Wrong_settings_are_not_healthy(params string[] args) => Assert.Equal(1, (await AskAsync(args)).Code);

    private static async Task<(int Code, string Output, string Error)> AskAsync(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter();
        return (await SiloProgram.RunAsync(args, output, error), output.ToString(), error.ToString());
    }
}
