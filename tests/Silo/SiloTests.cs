using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>The standalone silo, as a user starts it.</summary>
public sealed class SiloTests : IDisposable
{
    private readonly DirectoryInfo store = Directory.CreateTempSubdirectory("orleans-sqlite-");

    public void Dispose() => store.Delete(recursive: true);

    [Fact]
    public async Task It_serves_databases_with_nothing_but_a_store_and_ends_when_asked()
    {
        await using var silo = await SiloProcess.StartAsync("--store", store.FullName);
        Assert.Contains(silo.Announcement, line => line.Contains("a silo, its cluster on this machine alone", StringComparison.Ordinal));
        Assert.Contains($"store      file:{store.FullName}", silo.Announcement);
        Assert.Equal(HttpStatusCode.OK, (await silo.Client.GetAsync("health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await silo.Client.GetAsync("health/ready")).StatusCode);

        Assert.Equal(HttpStatusCode.Created, (await silo.Client.PutAsync("v1/databases/shop", null)).StatusCode);
        await ExecuteAsync(silo, "create table item(name text unique)");
        for (int i = 0; i < 5; i++)
        {
            await ExecuteAsync(silo, $"insert into item values ('item {i}')");
        }

        var twice = await silo.Client.PostAsJsonAsync("v1/databases/shop/execute", new { statements = (string[])["insert into item values ('item 1')"] });
        Assert.Equal(HttpStatusCode.BadRequest, twice.StatusCode);
        Assert.Contains("UNIQUE", await twice.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(5, await CountAsync(silo));
        Assert.Equal(HttpStatusCode.NotFound, (await silo.Client.GetAsync("dashboard/")).StatusCode);

        var (code, output, error) = await silo.StopAsync();
        Assert.Equal((0, "Stopped."), (code, output.Trim().Split('\n')[^1].Trim()));
        Assert.Equal("", error);
        await using var engine = await DatabaseEngine.OpenAsync($"file:{store.FullName}");
        Assert.Equal(SqlValue.From(5), await engine.Open("shop").ScalarAsync("select count(*) from item"));
    }

    [Fact]
    public async Task The_dashboard_is_shown_when_asked_for()
    {
        await using var silo = await SiloProcess.StartAsync("--store", store.FullName, "--dashboard", "on");
        Assert.Equal(HttpStatusCode.OK, (await silo.Client.GetAsync("dashboard/")).StatusCode);
    }

    [Fact]
    public async Task A_store_that_is_not_there_is_one_clear_error()
    {
        string file = Path.Combine(store.FullName, "file");
        await File.WriteAllTextAsync(file, "");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => SiloProcess.StartAsync("--store", file));
        Assert.Matches("error: .*\nnext: ", error.Message);
        Assert.DoesNotContain("   at ", error.Message, StringComparison.Ordinal);
    }

    private static async Task ExecuteAsync(SiloProcess silo, string sql)
    {
        using var answer = await silo.Client.PostAsJsonAsync("v1/databases/shop/execute", new { statements = (string[])[sql] });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task<long> CountAsync(SiloProcess silo)
    {
        using var answer = await silo.Client.PostAsJsonAsync("v1/databases/shop/query", new { sql = "select count(*) from item" });
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty("rows")[0][0].GetInt64();
    }
}
