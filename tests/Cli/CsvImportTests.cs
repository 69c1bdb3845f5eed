namespace OrleansSqlite.Tests;

public sealed class CsvImportTests : IAsyncLifetime, IDisposable
{
    private readonly Sandbox box = new();

    public async Task InitializeAsync() => (await box.RunAsync("create", "db")).Ok();

    [Fact]
    public async Task A_missing_table_is_made_from_the_header()
    {
        File.WriteAllText(box.File("x.csv"), "name,\"the note\"\r\ntea,\"green, \"\"good\"\"\"\r\nmilk,\"two\r\nlines\"\r\n");
        var outcome = (await ShellAsync(".import x.csv item\n.schema item\n.mode json\nselect * from item;\n")).Ok();
        Assert.Equal(
            """
            2 rows imported into item, version 1
            CREATE TABLE "item"("name" TEXT, "the note" TEXT);
            {"version":1,"columns":[{"name":"name","type":"TEXT"},{"name":"the note","type":"TEXT"}],"rows":[["tea","green, \"good\""],["milk","two\r\nlines"]]}

            """, outcome.Out);
    }

    [Fact]
    public async Task An_existing_table_takes_every_line_and_its_own_types()
    {
        File.WriteAllText(box.File("x.csv"), "id,price\n1,2.5\n2,3\n");
        Assert.Equal(
            "2 rows imported into item, version 2\ninteger|1|real|2.5\ninteger|2|real|3.0\n",
            (await ShellAsync("create table item(id integer primary key, price real);\n.import --csv --skip 1 x.csv item\nselect typeof(id), id, typeof(price), price from item;\n")).Ok().Out);
    }

    [Fact]
    public async Task Rows_of_another_width_are_said()
    {
        File.WriteAllText(box.File("x.csv"), "1,2\n\n3\n4,5,6\n");
        var outcome = (await ShellAsync("create table t(a, b);\n.import x.csv t\nselect * from t;\n")).Ok();
        Assert.Equal("3 rows imported into t, version 2\n1|2\n3|NULL\n4|5\n", outcome.Out);
        Assert.Contains("2 rows had another number of fields than t has columns (line 3 first)", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_line_leaves_nothing_behind()
    {
        File.WriteAllText(box.File("x.csv"), "1\n2\n1\n");
        File.WriteAllText(box.File("open.csv"), "1\n\"2\n3\n");
        var outcome = await ShellAsync("create table t(a unique);\n.import x.csv t\n.import open.csv t\nselect count(*) from t;\n");
        Assert.Equal("0\n", outcome.Out);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("UNIQUE", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("line 2 is never closed", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Misuse_is_said()
    {
        File.WriteAllText(box.File("empty.csv"), "");
        var outcome = await ShellAsync(".import missing.csv t\n.import empty.csv t\n.import x\n.import --skip x a b\n");
        Assert.Equal(2, outcome.ExitCode);
        foreach (var what in (string[])["missing.csv cannot be read", "empty.csv is empty", ".import [--skip N] FILE TABLE", "--skip takes a number"])
        {
            Assert.Contains(what, outcome.Error, StringComparison.Ordinal);
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => box.Dispose();

    private Task<Outcome> ShellAsync(string input) => box.RunAsync(input, ["shell", "db"]);
}
