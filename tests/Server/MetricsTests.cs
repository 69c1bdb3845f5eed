using System.Globalization;

namespace OrleansSqlite.Tests;

public sealed class MetricsTests
{
    [Fact]
    public async Task What_the_engine_counts_is_there_for_Prometheus()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        var before = await ReadAsync(server);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await server.ExecuteAsync("db", """{"statements":["insert into t values (1)"]}""")).Status);
        }

        var after = await ReadAsync(server);

        // Other tests of this process are counted, too.
        Assert.True(after["orleans_sqlite_commits_total"] >= before["orleans_sqlite_commits_total"] + 5);
        Assert.True(after["orleans_sqlite_transactions_total"] >= before["orleans_sqlite_transactions_total"] + 5);
        Assert.True(after["orleans_sqlite_swap_duration_seconds_count"] >= before["orleans_sqlite_swap_duration_seconds_count"] + 5);
        Assert.True(after["orleans_sqlite_swap_duration_seconds_bucket{le=\"+Inf\"}"] >= after["orleans_sqlite_swap_duration_seconds_bucket{le=\"0.01\"}"]);
        Assert.Contains(after.Keys, name => name.StartsWith("orleans_sqlite_store_requests_total{kind=\"swap\"", StringComparison.Ordinal));
        Assert.Contains("db_client_operation_duration_seconds_count{db_system_name=\"sqlite\",db_operation_name=\"execute\"}", after.Keys);
        Assert.DoesNotContain(after.Keys, name => name.Contains("db_namespace", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_a_login_they_ask_for_a_token()
    {
        await using var server = await TokenTests.SignedAsync();
        (await server.SendAsync(HttpMethod.Get, "/metrics")).Problem(401, "Invalid", "unauthenticated");
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, "/metrics", null, ("Authorization", $"Bearer {Jwt.Hs256(Jwt.Claims("read:none"))}"))).Status);
    }

    /// <summary>Reads the page as Prometheus does: comments, and lines of a name and a number.</summary>
    private static async Task<Dictionary<string, double>> ReadAsync(TestServer server)
    {
        var reply = await server.SendAsync(HttpMethod.Get, "/metrics");
        Assert.Equal((200, "text/plain"), (reply.Status, reply.MediaType));
        return reply.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('#'))
            .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }
}
