using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>Two web processes on one store, with nothing between them but the store.</summary>
public sealed class TwoFrontendsTests : IDisposable
{
    private const int WritesEach = 200;
    private const int ClientsEach = 8;

    private readonly Sandbox box = new();

    [Fact]
    public async Task Both_write_at_once_and_end_with_the_same_database()
    {
        await using var left = await ServeProcess.StartAsync(box);
        await using var right = await ServeProcess.StartAsync(box);
        (await left.Client.PutAsync("/v1/databases/shared", null)).EnsureSuccessStatusCode();
        await ExecuteAsync(left.Client, "create table item(id integer primary key, side text, n integer, unique(side, n)); create table counter(value integer); insert into counter values (0)");

        await Task.WhenAll(WriteAsync(left.Client, "left"), WriteAsync(right.Client, "right"));

        var rowsOfLeft = await QueryAsync(left.Client, "select id, side, n from item order by id");
        var rowsOfRight = await QueryAsync(right.Client, "select id, side, n from item order by id");
        Assert.Equal(rowsOfLeft, rowsOfRight);
        Assert.Equal("""[["left",200,20100],["right",200,20100]]""", await QueryAsync(right.Client, "select side, count(*), sum(n) from item group by side order by side"));
        Assert.Equal("[[400]]", await QueryAsync(left.Client, "select value from counter"));
        Assert.Equal("[[\"ok\"]]", await QueryAsync(right.Client, "pragma integrity_check"));

        // What one writes after this, the other sees at once.
        await ExecuteAsync(right.Client, "update counter set value = -1");
        Assert.Equal("[[-1]]", await QueryAsync(left.Client, "select value from counter"));

        Assert.Equal(await ExportAsync("one.sqlite"), await ExportAsync("two.sqlite"));
        Assert.Equal(0, (await left.StopAsync()).ExitCode);
        Assert.Equal(await ExportAsync("one.sqlite"), await ExportAsync("three.sqlite"));
    }

    public void Dispose() => box.Dispose();

    /// <summary>Clients that insert numbers and count them, each in one transaction, with an operation id.</summary>
    private static Task WriteAsync(HttpClient client, string side)
    {
        var next = 0;
        return Task.WhenAll(Enumerable.Range(0, ClientsEach).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is <= WritesEach and var n)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/databases/shared/execute")
                {
                    Content = JsonContent.Create(new
                    {
                        statements = new object[]
                        {
                            new { sql = "insert into item(side, n) values (?, ?)", args = new object[] { side, n } },
                            "update counter set value = value + 1",
                        },
                    }),
                    Headers = { { "Idempotency-Key", $"{side}-{n}" } },
                };
                using var response = await client.SendAsync(request);
                Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            }
        }));
    }

    private static async Task ExecuteAsync(HttpClient client, string sql)
    {
        using var response = await client.PostAsJsonAsync("/v1/databases/shared/execute", new { statements = new[] { sql } });
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<string> QueryAsync(HttpClient client, string sql)
    {
        using var response = await client.PostAsJsonAsync("/v1/databases/shared/query", new { sql });
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("rows").GetRawText();
    }

    private async Task<string> ExportAsync(string file)
    {
        (await box.RunAsync("export", "shared", file, "--overwrite")).Ok();
        return Convert.ToHexString(SHA256.HashData(await File.ReadAllBytesAsync(box.File(file))));
    }
}
