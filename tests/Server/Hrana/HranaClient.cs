using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>A stream over HTTP, as a client holds it: the newest baton goes along with each pipeline.</summary>
internal sealed class HranaClient(TestServer server, string database, string version = "v3", string? token = null)
{
    /// <summary>What the next pipeline is sent with.</summary>
    public string? Baton { get; set; }

    /// <summary>Sends requests, and gives the results.</summary>
    public async Task<JsonElement[]> PipelineAsync(params string[] requests)
    {
        var reply = await PostAsync(requests);
        Assert.True(reply.Status == 200, $"{reply.Status}: {reply.Text}");
        Baton = reply.Json.GetProperty("baton").GetString();
        return [.. reply.Json.GetProperty("results").EnumerateArray()];
    }

    /// <summary>Sends requests, and gives the answer as it comes.</summary>
    public Task<Reply> PostAsync(params string[] requests) => server.PostHranaAsync(
        $"/db/{database}/{version}/pipeline",
        $$"""{"baton":{{JsonSerializer.Serialize(Baton)}},"requests":[{{string.Join(',', requests)}}]}""",
        token is null ? [] : [("Authorization", "Bearer " + token)]);

    /// <summary>Executes one statement, which must succeed, and gives its result.</summary>
    public async Task<JsonElement> ExecuteAsync(string sql, string more = "") => Ok(Assert.Single(await PipelineAsync(Execute(sql, more))));

    /// <summary>Executes one statement, and gives the text of its rows.</summary>
    public async Task<string> RowsAsync(string sql) => Rows(await ExecuteAsync(sql));

    /// <summary>Executes one statement, which must fail, and gives the error's code.</summary>
    public async Task<string> FailAsync(string sql) => Failed(Assert.Single(await PipelineAsync(Execute(sql))));

    public static string Execute(string sql, string more = "") => $$"""{"type":"execute","stmt":{{Statement(sql, more)}} }""";

    public static string Statement(string sql, string more = "") => $$"""{"sql":{{JsonSerializer.Serialize(sql)}}{{more}}}""";

    public static string Batch(params string[] steps) => $$"""{"type":"batch","batch":{"steps":[{{string.Join(',', steps)}}] } }""";

    public static string Step(string sql, string? condition = null) =>
        $$"""{"stmt":{{Statement(sql)}}{{(condition is null ? "" : $",\"condition\":{condition}")}}}""";

    /// <summary>The result of a request that went well.</summary>
    public static JsonElement Ok(JsonElement result)
    {
        Assert.True(result.GetProperty("type").GetString() == "ok", result.GetRawText());
        var response = result.GetProperty("response");
        return response.TryGetProperty("result", out var inner) ? inner : response;
    }

    /// <summary>The code of a request that failed.</summary>
    public static string Failed(JsonElement result)
    {
        Assert.True(result.GetProperty("type").GetString() == "error", result.GetRawText());
        Assert.NotEmpty(result.GetProperty("error").GetProperty("message").GetString()!);
        return result.GetProperty("error").GetProperty("code").GetString()!;
    }

    /// <summary>Rows as text, one line each.</summary>
    public static string Rows(JsonElement result) => string.Join('\n', result.GetProperty("rows").EnumerateArray().Select(
        row => string.Join('|', row.EnumerateArray().Select(value => value.GetProperty("type").GetString() switch
        {
            "null" => "NULL",
            "blob" => value.GetProperty("base64").GetString(),
            "float" => value.GetProperty("value").GetRawText(),
            _ => value.GetProperty("value").GetString(),
        }))));
}
