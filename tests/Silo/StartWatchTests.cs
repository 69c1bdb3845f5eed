using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using OrleansSqlite.Silo;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests;

/// <summary>A silo that waits for something at its start says so.</summary>
public sealed class StartWatchTests
{
    [Theory]
    [InlineData("memory", "the store s3://b/x (--store): ")]
    [InlineData("dynamodb", "the store s3://b/x (--store) and DynamoDB at eu-central-1 (--dynamodb-service): ")]
    public async Task It_names_what_the_silo_needs_and_how_long_it_has_been(string grainStorage, string needs)
    {
        var settings = SiloSettings.From(new ConfigurationBuilder().AddInMemoryCollection([
            new("store", "s3://b/x"), new("grain-storage", grainStorage), new("dynamodb-service", "eu-central-1")]).Build());
        var time = new VirtualTime();
        var log = new Said();
        await using (StartWatch.Begin(settings, log, time))
        {
            time.Advance(StartWatch.Interval - TimeSpan.FromMilliseconds(1));
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Contains($"after 5 s. This silo needs {needs}", await log.NextAsync(), StringComparison.Ordinal);
            time.Advance(StartWatch.Interval);
            Assert.Contains("after 10 s.", await log.NextAsync(), StringComparison.Ordinal);
        }

        Assert.Null(time.UntilNext);
    }

    /// <summary>A service that takes connections and answers nothing: its client waits, and tries again, for minutes.</summary>
    [Fact]
    public async Task It_is_heard_while_DynamoDB_does_not_answer()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        var start = SiloProcess.OnFreePorts(
            "--store", "memory:", "--clustering", "dynamodb", "--dynamodb-service", $"http://127.0.0.1:{((IPEndPoint)mute.LocalEndpoint).Port}");
        (start.Environment["AWS_ACCESS_KEY_ID"], start.Environment["AWS_SECRET_ACCESS_KEY"]) = ("nobody", "nothing");
        start.RedirectStandardError = true;
        using var silo = System.Diagnostics.Process.Start(start)!;
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
            string? line;
            do
            {
                line = await silo.StandardError.ReadLineAsync(patience.Token);
                Assert.NotNull(line);
            }
            while (!line.Contains("DynamoDB at http://127.0.0.1:", StringComparison.Ordinal));
        }
        finally
        {
            silo.Kill();
            await silo.WaitForExitAsync();
        }
    }

    private sealed class Said : ILogger
    {
        private readonly BlockingCollection<string> lines = [];

        public Task<string> NextAsync() => Task.Run(() => lines.TryTake(out string? line, TimeSpan.FromSeconds(30)) ? line : "nothing");

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add(formatter(state, exception));
    }
}
