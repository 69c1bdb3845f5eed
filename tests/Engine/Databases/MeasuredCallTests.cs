using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Databases;

/// <summary>What is told of calls to whoever listens.</summary>
public sealed class MeasuredCallTests : IDisposable
{
    private const string Secret = "hush";

    private readonly string name = $"measured-{Guid.NewGuid():n}";
    private readonly ConcurrentQueue<Activity> spans = [];
    private readonly ConcurrentQueue<string> durations = [];
    private readonly ActivityListener listener;
    private readonly MeterListener meter = new();

    public MeasuredCallTests()
    {
        listener = new()
        {
            ShouldListenTo = source => source.Name == Metrics.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (Equals(span.GetTagItem("db.namespace"), name))
                {
                    spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        meter.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == Metrics.Name && instrument.Name == "db.client.operation.duration")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        meter.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            var all = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
            if (Equals(all["db.namespace"], name))
            {
                Assert.Equal("sqlite", all["db.system.name"]);
                Assert.InRange(value, 0, 60);
                durations.Enqueue($"{all["db.operation.name"]} {all.GetValueOrDefault("error.type")} {all.GetValueOrDefault("db.response.status_code")}".TrimEnd());
            }
        });
        meter.Start();
    }

    [Fact]
    public async Task Each_is_a_span_and_a_duration()
    {
        await using var engine = await DatabaseEngine.OpenAsync("memory:");
        await engine.CreateAsync(name);
        var db = engine.Open(name);
        await db.ExecuteAsync("CREATE TABLE t(v UNIQUE)");
        await db.ExecuteAsync(new Batch(new Statement("INSERT INTO t VALUES (?)", Secret), "INSERT INTO t VALUES (2)"));
        await db.WriteAsync(connection => 1);
        await db.ReadAsync(connection => 1);
        await db.QueryAllAsync("SELECT * FROM t");
        Assert.Equal(["execute", "execute", "write", "read", "query"], durations);
        Assert.Equal(durations.Select(operation => $"{operation} {name}"), spans.Select(span => span.DisplayName));
        Assert.All(spans, span => Assert.Equal((ActivityKind.Client, ActivityStatusCode.Unset, "sqlite"), (span.Kind, span.Status, span.GetTagItem("db.system.name"))));
        Assert.Equal(durations, spans.Select(span => span.GetTagItem("db.operation.name")));
        Assert.Equal([null, 2, null, null, null], spans.Select(span => (int?)span.GetTagItem("db.operation.batch.size")));
    }

    [Fact]
    public async Task An_error_is_named_and_nothing_of_the_callers_is_told()
    {
        await using var engine = await DatabaseEngine.OpenAsync("memory:");
        var db = engine.Open(name);
        await Assert.ThrowsAsync<DatabaseException>(() => db.ExecuteAsync("SELECT 1"));
        await engine.CreateAsync(name);
        db = engine.Open(name);
        await db.ExecuteAsync("CREATE TABLE t(v UNIQUE)");
        await Assert.ThrowsAsync<DatabaseException>(() => db.ExecuteAsync(new Batch(new Statement($"INSERT INTO t VALUES ('{Secret}'), ('{Secret}')"))));
        await Assert.ThrowsAsync<DatabaseException>(() => db.QueryAllAsync($"SELECT {Secret}"));
        await Assert.ThrowsAsync<FormatException>(() => db.WriteAsync<int>(_ => throw new FormatException(Secret)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => db.ReadAsync(_ => 1, cancellation: new CancellationToken(canceled: true)));
        Assert.Equal(
            ["execute database-not-found", "execute", "execute sql 2067", "query sql 1", "write System.FormatException", "read System.OperationCanceledException"],
            durations);
        Assert.Equal(durations, spans.Select(span => $"{span.GetTagItem("db.operation.name")} {span.GetTagItem("error.type")} {span.GetTagItem("db.response.status_code")}".TrimEnd()));
        Assert.All(spans, span => Assert.Equal(span.GetTagItem("error.type") is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error, span.Status));
        Assert.DoesNotContain(spans, span => $"{span.StatusDescription} {string.Join(' ', span.TagObjects)}".Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task So_is_each_command_of_a_connection()
    {
        await using var engine = await DatabaseEngine.OpenAsync("memory:");
        await engine.CreateAsync(name);
        await using var source = OrleansSqliteDataSource.Create(engine, $"Data Source={name}");
        await using var connection = await source.OpenConnectionAsync();
        Run("CREATE TABLE t(v UNIQUE)");
        Run("BEGIN");
        Run("INSERT INTO t VALUES (1)");
        Assert.Throws<SqliteException>(() => Run("INSERT INTO t VALUES (1)"));
        Run("SELECT * FROM t");
        Run("COMMIT");
        Assert.ThrowsAny<SqliteException>(() => Run("ATTACH 'x' AS y"));
        Assert.Equal(["execute", "execute", "execute", "execute sql 2067", "query", "commit", "execute not-allowed 23"], durations);
        Assert.Equal(durations.Select(operation => $"{operation.Split(' ')[0]} {name}"), spans.Select(span => span.DisplayName));

        void Run(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }

    public void Dispose()
    {
        listener.Dispose();
        meter.Dispose();
    }
}
