using System.Text.Json;
using static OrleansSqlite.Tests.HranaClient;

namespace OrleansSqlite.Tests;

public abstract class HranaBatchTests(string version)
{
    [Theory]
    [InlineData("""{"type":"ok","step":0}""", true)]
    [InlineData("""{"type":"ok","step":1}""", false)]
    [InlineData("""{"type":"ok","step":2}""", false)]
    [InlineData("""{"type":"error","step":0}""", false)]
    [InlineData("""{"type":"error","step":1}""", true)]
    [InlineData("""{"type":"error","step":2}""", false)]
    [InlineData("""{"type":"not","cond":{"type":"ok","step":1}}""", true)]
    [InlineData("""{"type":"and","conds":[{"type":"ok","step":0},{"type":"error","step":1}]}""", true)]
    [InlineData("""{"type":"and","conds":[{"type":"ok","step":0},{"type":"ok","step":1}]}""", false)]
    [InlineData("""{"type":"and","conds":[]}""", true)]
    [InlineData("""{"type":"or","conds":[{"type":"ok","step":1},{"type":"ok","step":0}]}""", true)]
    [InlineData("""{"type":"or","conds":[]}""", false)]
    [InlineData("""{"type":"is_autocommit"}""", true)]
    [InlineData("""{"type":"not","cond":{"type":"is_autocommit"}}""", false)]
    public async Task A_step_runs_if_its_condition_holds(string condition, bool runs)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");

        // Step 0 goes well, step 1 fails, and step 2 is left out.
        var result = Ok(Assert.Single(await new HranaClient(server, "db", version).PipelineAsync(
            Batch(Step("select 0"), Step("selec"), Step("select 2", """{"type":"ok","step":1}"""), Step("select 3", condition)))));
        var (results, errors) = (result.GetProperty("step_results"), result.GetProperty("step_errors"));
        Assert.Equal("0", Rows(results[0]));
        Assert.Equal("SQLITE_ERROR", errors[1].GetProperty("code").GetString());
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (results[2].ValueKind, errors[2].ValueKind));
        Assert.Equal(runs ? JsonValueKind.Object : JsonValueKind.Null, results[3].ValueKind);
        Assert.Equal(JsonValueKind.Null, errors[3].ValueKind);
    }

    [Fact]
    public async Task A_condition_on_a_step_that_is_not_before_it_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a)");
        foreach (int step in (int[])[1, 2, -1])
        {
            var results = await new HranaClient(server, "db", version).PipelineAsync(
                Batch(Step("select 0"), Step("insert into t values (1)", $$"""{"type":"ok","step":{{step}}}""")), Execute("select count(*) from t"));
            Assert.Equal("HRANA_PROTO_ERROR", Failed(results[0]));
            Assert.Equal("0", Rows(Ok(results[1])));
        }
    }

    [Fact]
    public async Task Transactional_batches_that_race_go_through_whatever_they_read()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(id integer primary key, n integer)");
        await new HranaClient(server, "db", version).ExecuteAsync("insert into t values (1, 0)");
        await Task.WhenAll(Enumerable.Range(0, 30).Select(async _ =>
        {
            // As clients send a batch in a transaction.
            var result = Ok((await new HranaClient(server, "db", version).PipelineAsync(
                Batch(
                    Step("BEGIN IMMEDIATE"),
                    Step("select n from t", """{"type":"ok","step":0}"""),
                    Step("update t set n = n + 1 returning n", """{"type":"ok","step":1}"""),
                    Step("COMMIT", """{"type":"ok","step":2}"""),
                    Step("ROLLBACK", """{"type":"not","cond":{"type":"ok","step":3}}""")),
                """{"type":"close"}"""))[0]);
            Assert.All(result.GetProperty("step_errors").EnumerateArray(), error => Assert.True(error.ValueKind == JsonValueKind.Null, error.GetRawText()));
            int read = int.Parse(Rows(result.GetProperty("step_results")[1]), System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal($"{read + 1}", Rows(result.GetProperty("step_results")[2]));
        }));
        Assert.Equal("30", await new HranaClient(server, "db", version).RowsAsync("select n from t"));
    }

    [Fact]
    public async Task A_batch_that_fails_is_rolled_back_by_its_own_steps()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a unique)");
        var stream = new HranaClient(server, "db", version);
        var result = Ok((await stream.PipelineAsync(Batch(
            Step("BEGIN"),
            Step("insert into t values (1)", """{"type":"ok","step":0}"""),
            Step("insert into t values (1)", """{"type":"ok","step":1}"""),
            Step("COMMIT", """{"type":"ok","step":2}"""),
            Step("ROLLBACK", """{"type":"not","cond":{"type":"ok","step":3}}"""))))[0]);
        Assert.Equal("SQLITE_CONSTRAINT", result.GetProperty("step_errors")[2].GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, result.GetProperty("step_results")[3].ValueKind);
        Assert.Equal(JsonValueKind.Object, result.GetProperty("step_results")[4].ValueKind);
        Assert.Equal("0", await stream.RowsAsync("select count(*) from t"));
    }

    [Fact]
    public async Task A_cursor_gives_lines_and_then_goes_on_as_a_stream()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(a integer)");
        var reply = await server.PostHranaAsync($"/db/db/{version}/cursor", $$"""
            {"baton":null,"batch":{"steps":[{{Step("begin")}},{{Step("insert into t values (7), (8)")}},{{Step("select a from t")}},{{Step("selec")}},{{Step("select 1", """{"type":"ok","step":3}""")}}] } }
            """);
        Assert.Equal(200, reply.Status);
        var lines = reply.Text.TrimEnd().Split('\n');
        string baton = JsonDocument.Parse(lines[0]).RootElement.GetProperty("baton").GetString()!;
        Assert.Equal(
            """
            {"type":"step_begin","step":0,"cols":[]}
            {"type":"step_end","affected_row_count":0,"last_insert_rowid":"0"}
            {"type":"step_begin","step":1,"cols":[]}
            {"type":"step_end","affected_row_count":2,"last_insert_rowid":"2"}
            {"type":"step_begin","step":2,"cols":[{"name":"a","decltype":"INTEGER"}]}
            {"type":"row","row":[{"type":"integer","value":"7"}]}
            {"type":"row","row":[{"type":"integer","value":"8"}]}
            {"type":"step_end","affected_row_count":0,"last_insert_rowid":"2"}
            """,
            string.Join('\n', lines[1..^1]));
        Assert.StartsWith("""{"type":"step_error","step":3,"error":{"message":""", lines[^1], StringComparison.Ordinal);
        await new HranaClient(server, "db", version) { Baton = baton }.ExecuteAsync("commit");
        Assert.Equal("2", await new HranaClient(server, "db", version).RowsAsync("select count(*) from t"));
    }

    [Fact]
    public async Task A_large_answer_comes_whole_from_a_pipeline_and_from_a_cursor()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        string sql = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000) select i, zeroblob(100) from n";
        var rows = (await new HranaClient(server, "db", version).ExecuteAsync(sql)).GetProperty("rows");
        Assert.Equal(30_000, rows.GetArrayLength());
        Assert.Equal("30000", rows[29_999][0].GetProperty("value").GetString());
        var reply = await server.PostHranaAsync($"/db/db/{version}/cursor", $$"""{"batch":{"steps":[{{Step(sql)}}] } }""");
        var lines = reply.Text.TrimEnd().Split('\n');
        Assert.Equal(1 + 1 + 30_000 + 1, lines.Length);
        Assert.StartsWith("""{"type":"row","row":[{"type":"integer","value":"30000"}""", lines[^2], StringComparison.Ordinal);
        Assert.StartsWith("""{"type":"step_end",""", lines[^1], StringComparison.Ordinal);
    }
}

public sealed class JsonHranaBatchTests() : HranaBatchTests("v3");

public sealed class ProtobufHranaBatchTests() : HranaBatchTests(HranaPost.Protobuf);
