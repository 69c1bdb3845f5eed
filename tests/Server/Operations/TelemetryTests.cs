using System.Net.Http.Json;
using System.Text;

namespace OrleansSqlite.Tests;

/// <summary>A server sends traces and metrics to a collector, if OpenTelemetry's variables say so.</summary>
public sealed class TelemetryTests : IDisposable
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private readonly Sandbox box = new();

    [Fact]
    public async Task Both_are_sent_at_the_latest_when_it_ends()
    {
        await using var collector = await Collector.StartAsync();
        await using var serve = await ServeProcess.StartAsync(box, [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=trial"),

            // So long that only the end sends anything.
            ("OTEL_BSP_SCHEDULE_DELAY", "600000"), ("OTEL_METRIC_EXPORT_INTERVAL", "600000"),
        ]);
        await UseAsync(serve.Client);
        Assert.Empty(collector.Paths);
        var outcome = await serve.StopAsync();
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        Assert.Equal(["/v1/metrics", "/v1/traces"], collector.Paths);

        var traces = collector.At("/v1/traces");
        Assert.All(
            (string[])["orleans-sqlite", "deployment.environment", "trial", "service.instance.id", "execute shop", "query shop", "db.system.name", "db.operation.batch.size", "error.type", "POST /v1/databases/{database}/query", "http.route"],
            name => Assert.Contains(name, traces, StringComparison.Ordinal));
        Assert.DoesNotContain("hush", traces, StringComparison.Ordinal);

        // The request of a caller who has a trace, and the query in it.
        Assert.Equal(2, traces.Split(Encoding.Latin1.GetString(Convert.FromHexString(Trace))).Length - 1);

        var metrics = collector.At("/v1/metrics");
        Assert.All(
            (string[])["db.client.operation.duration", "orleans_sqlite.commits", "orleans_sqlite.swap.duration", "orleans_sqlite.store.requests", "http.server.request.duration", "kestrel.active_connections", "dotnet.gc.collections"],
            name => Assert.Contains(name, metrics, StringComparison.Ordinal));
        Assert.DoesNotContain("hush", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_has_variables_of_its_own()
    {
        await using var collector = await Collector.StartAsync();
        await using var serve = await ServeProcess.StartAsync(box, [
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", $"{collector.Address}/mine"), ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"), ("OTEL_SERVICE_NAME", "our-databases"),
        ]);
        await UseAsync(serve.Client);
        Assert.Equal(0, (await serve.StopAsync()).ExitCode);
        Assert.Equal(["/mine"], collector.Paths);
        Assert.Contains("our-databases", collector.At("/mine"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OTEL_SDK_DISABLED", "true")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "")]
    public async Task Nothing_is_sent_unless_it_is_asked_for(string name, string value)
    {
        await using var collector = await Collector.StartAsync();
        await using var serve = await ServeProcess.StartAsync(box, [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_SERVICE_NAME", "our-databases"), (name, value),
        ]);
        await UseAsync(serve.Client);
        Assert.Equal(0, (await serve.StopAsync()).ExitCode);
        Assert.Empty(collector.Paths);
    }

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task A_collector_that_is_away_disturbs_nobody_and_is_said(string protocol)
    {
        await using var serve = await ServeProcess.StartAsync(box, [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)]);
        await UseAsync(serve.Client);
        var outcome = await serve.StopAsync();
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("could not be sent", Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "here", "OTEL_EXPORTER_OTLP_ENDPOINT is no address of http or https.")]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "ftp://here", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is no address of http or https.")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc' or 'http/protobuf', and not 'http/json'.")]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "soon", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT is a number of milliseconds above 0, and not 'soon'.")]
    [InlineData("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER is 'otlp' or 'none', and not 'zipkin'.")]
    public async Task A_wrong_variable_is_named(string name, string value, string what)
    {
        using var process = box.Start(Sandbox.Program, ["serve"], ("PORT", "0"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"), (name, value));
        (await Sandbox.FinishAsync(process, "")).Failed(2, what);
    }

    public void Dispose() => box.Dispose();

    /// <summary>A batch, a query whose text is nobody's business, and an error.</summary>
    private static async Task UseAsync(HttpClient client)
    {
        (await client.PutAsync("/v1/databases/shop", null)).EnsureSuccessStatusCode();
        (await client.PostAsJsonAsync("/v1/databases/shop/execute", new { statements = new[] { "create table t(a)", "insert into t values (1)" } })).EnsureSuccessStatusCode();
        using var query = new HttpRequestMessage(HttpMethod.Post, "/v1/databases/shop/query") { Content = JsonContent.Create(new { sql = "select 'hush' from t" }) };
        query.Headers.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        (await client.SendAsync(query)).EnsureSuccessStatusCode();
        (await client.GetAsync("/v1/databases/shop/query?sql=select+'hush'+from+t")).EnsureSuccessStatusCode();
        Assert.Equal(400, (int)(await client.PostAsJsonAsync("/v1/databases/shop/query", new { sql = "select hush" })).StatusCode);
    }
}
