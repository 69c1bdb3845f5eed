using System.Text.Json;

namespace OrleansSqlite.Tests;

public sealed class VerbTests : IDisposable
{
    private readonly Sandbox box = new();

    [Fact]
    public async Task Create_makes_a_database_that_list_and_info_show()
    {
        Assert.Contains("no databases", (await box.RunAsync("list")).Ok().Error, StringComparison.Ordinal);
        Assert.StartsWith("created shop in ", (await box.RunAsync("create", "shop")).Ok().Out, StringComparison.Ordinal);
        await box.RunAsync("create", "other");

        var lines = (await box.RunAsync("list")).Ok().Lines();
        Assert.Equal(["other", "shop"], lines.Select(line => line.Split('\t')[0]));
        Assert.All(lines, line => Assert.Equal("0", line.Split('\t')[1]));

        var info = (await box.RunAsync("info", "shop")).Ok().Out;
        Assert.Contains("name       shop\n", info, StringComparison.Ordinal);
        Assert.Contains("version    0\n", info, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_json_of_create_info_and_list_is_the_same_description()
    {
        var made = (await box.RunAsync("create", "shop", "--json")).Ok().Json();
        Assert.Equal(
            ["name", "id", "version", "committedAt", "pageBytes", "pageCount", "bytes", "storedBytes", "segments", "oldestVersion", "retentionSeconds"],
            made.EnumerateObject().Select(member => member.Name));
        Assert.Equal("shop", made.GetProperty("name").GetString());
        Assert.Equal(0, made.GetProperty("version").GetInt64());
        Assert.InRange(made.GetProperty("committedAt").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow.AddMinutes(1));

        var info = (await box.RunAsync("info", "shop", "--json")).Ok().Json();
        var listed = Assert.Single((await box.RunAsync("list", "--json")).Ok().Json().GetProperty("databases").EnumerateArray());
        Assert.Equal(made.GetProperty("id").GetGuid(), info.GetProperty("id").GetGuid());
        Assert.Equal(info.GetRawText(), listed.GetRawText());
    }

    [Fact]
    public async Task Execute_and_query_agree()
    {
        await box.RunAsync("create", "shop");
        Assert.Equal("ok: 0 rows changed, version 1\n", (await box.RunAsync("execute", "shop", "create table item(name text, price real)")).Ok().Out);
        Assert.Equal(
            "ok: 3 rows changed, version 2\n",
            (await box.RunAsync("execute", "shop", "insert into item values ('tea', 2), ('milk', 1.5); insert into item values ('salt', null)")).Ok().Out);
        Assert.Equal("tea\t2.0\nmilk\t1.5\nsalt\tNULL\n", (await box.RunAsync("query", "shop", "select * from item order by rowid")).Ok().Out);
    }

    [Fact]
    public async Task Execute_prints_rows_on_standard_output_and_the_summary_beside_them()
    {
        await box.RunAsync("create", "shop");
        var outcome = (await box.RunAsync("execute", "shop", "create table t(a); insert into t values (1), (2) returning a")).Ok();
        Assert.Equal("1\n2\n", outcome.Out);
        Assert.Equal("ok: 2 rows changed, version 1\n", outcome.Error);
    }

    [Fact]
    public async Task Execute_is_one_transaction()
    {
        await box.RunAsync("create", "shop");
        (await box.RunAsync("execute", "shop", "create table t(a); insert into t values (1); insert into missing values (1)")).Failed(2, "missing");
        Assert.Equal("0\n", (await box.RunAsync("query", "shop", "select count(*) from sqlite_schema where name = 't'")).Ok().Out);
        Assert.Equal(0, (await box.RunAsync("info", "shop", "--json")).Ok().Json().GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task The_json_of_execute_has_every_statement()
    {
        await box.RunAsync("create", "shop");
        var json = (await box.RunAsync("execute", "shop", "create table t(a int); insert into t values (7); select a, a * 0.5 from t", "--json")).Ok().Json();
        Assert.Equal(1, json.GetProperty("version").GetInt64());
        Assert.False(json.GetProperty("repeated").GetBoolean());
        var results = json.GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal(3, results.Length);
        Assert.Equal(1, results[1].GetProperty("changes").GetInt64());
        Assert.Equal(1, results[1].GetProperty("lastInsertRowId").GetInt64());
        Assert.Equal("[[7,3.5]]", results[2].GetProperty("rows").GetRawText());
        Assert.Equal("INT", results[2].GetProperty("columns")[0].GetProperty("type").GetString());
        Assert.Equal(JsonValueKind.Null, results[2].GetProperty("columns")[1].GetProperty("type").ValueKind);
    }

    [Fact]
    public async Task An_operation_id_takes_effect_once()
    {
        await box.RunAsync("create", "shop");
        await box.RunAsync("execute", "shop", "create table t(a)");
        string[] insert = ["execute", "shop", "insert into t values (1)", "--operation-id", "order-17"];
        Assert.Equal("ok: 1 row changed, version 2\n", (await box.RunAsync(insert)).Ok().Out);
        Assert.Equal("had taken effect before, in version 2: nothing ran now\n", (await box.RunAsync(insert)).Ok().Out);
        Assert.Equal("1\n", (await box.RunAsync("query", "shop", "select count(*) from t")).Ok().Out);
    }

    [Fact]
    public async Task Read_levels_are_taken()
    {
        await box.RunAsync("create", "shop");
        Assert.Equal("1\n", (await box.RunAsync("query", "shop", "select 1", "--stale", "1.5")).Ok().Out);
        Assert.Equal("1\n", (await box.RunAsync("query", "shop", "select 1", "--at-least", "0")).Ok().Out);
        (await box.RunAsync("query", "shop", "select 1", "--at-least", "99")).Failed(2, "99");
        (await box.RunAsync("query", "shop", "select 1", "--at-least", "0", "--stale", "1")).Failed(2, "together");
        (await box.RunAsync("query", "shop", "select 1", "--stale", "-1")).Failed(2, "--stale");
    }

    [Fact]
    public async Task Delete_needs_a_yes()
    {
        await box.RunAsync("create", "shop");
        (await box.RunAsync("delete", "shop")).Failed(2, "yes");
        Assert.Single((await box.RunAsync("list")).Ok().Lines());
        Assert.Equal("deleted shop\n", (await box.RunAsync("delete", "shop", "--yes")).Ok().Out);
        Assert.Empty((await box.RunAsync("list")).Ok().Lines());
        await box.RunAsync("create", "shop");
        Assert.Equal("""{"deleted":"shop"}""" + "\n", (await box.RunAsync("delete", "shop", "-y", "--json")).Ok().Out);
    }

    [Fact]
    public async Task Without_a_store_the_users_data_folder_holds_the_databases()
    {
        using var process = box.Start(Sandbox.Program, ["create", "mine"], ("ORLEANSSQLITE_STORE", ""));
        (await Sandbox.FinishAsync(process, "")).Ok();
        Assert.NotEmpty(Directory.GetFileSystemEntries(box.File("data/orleans-sqlite/store")));
        Assert.Empty((await box.RunAsync("list")).Ok().Lines());
        Assert.StartsWith("mine\t", (await box.RunAsync("list", "--store", "data/orleans-sqlite/store")).Ok().Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_ends_quietly_when_its_reader_goes()
    {
        await box.RunAsync("create", "shop");
        var outcome = await box.BashAsync(
            "set -o pipefail; orleans-sqlite query shop 'with recursive c(i) as (values (1) union all select i + 1 from c where i < 500000) select i from c' | head -2");
        Assert.Equal("1\n2\n", outcome.Ok().Out);
        Assert.Empty(outcome.Error);
    }

    public void Dispose() => box.Dispose();
}
