namespace OrleansSqlite.Tests;

public sealed class FormatTests : IAsyncLifetime, IDisposable
{
    private const string Sql = "select 'a,\"b\"' as text, 1.0 as r, 9007199254740993 as i, x'00ff' as b, null as n, '' as e";

    private readonly Sandbox box = new();

    public async Task InitializeAsync() => (await box.RunAsync("create", "db")).Ok();

    [Fact]
    public async Task Tabs_are_the_default_of_a_pipe() =>
        Assert.Equal("a,\"b\"\t1.0\t9007199254740993\tX'00FF'\tNULL\t\n", (await QueryAsync()).Out);

    [Fact]
    public async Task Tabs_can_have_a_header() =>
        Assert.Equal("text\tr\ti\tb\tn\te", (await QueryAsync("--tabs", "--headers", "true")).Lines()[0]);

    [Fact]
    public async Task A_row_of_tabs_is_one_line_whatever_it_holds() =>
        Assert.Equal(
            "a\\tb\\nc\\rd\\\\e\tlast\n",
            (await box.RunAsync("query", "db", "select 'a' || char(9) || 'b' || char(10) || 'c' || char(13) || 'd\\e', 'last'")).Ok().Out);

    [Fact]
    public async Task Csv_tells_null_from_an_empty_text() =>
        Assert.Equal("text,r,i,b,n,e\n\"a,\"\"b\"\"\",1.0,9007199254740993,X'00FF',,\"\"\n", (await QueryAsync("--csv")).Out);

    [Fact]
    public async Task Csv_can_go_without_a_header() =>
        Assert.Single((await QueryAsync("--csv", "--headers", "false")).Lines());

    [Fact]
    public async Task Json_is_exact() =>
        Assert.Equal(
            """[["a,\"b\"",1.0,{"integer":"9007199254740993"},{"blob":"AP8="},null,""]]""",
            (await QueryAsync("--json")).Json().GetProperty("rows").GetRawText());

    [Fact]
    public async Task A_table_is_drawn()
    {
        var lines = (await QueryAsync("--table")).Lines();
        Assert.Equal(5, lines.Length);
        Assert.StartsWith("╭", lines[0], StringComparison.Ordinal);
        Assert.Equal(["text", "r", "i", "b", "n", "e"], Cells(lines[1]));
        Assert.Equal(["a,\"b\"", "1.0", "9007199254740993", "X'00FF'", "NULL", ""], Cells(lines[3]));
    }

    [Fact]
    public async Task A_table_without_rows_still_shows_its_columns() =>
        Assert.Contains("│ a │", (await box.RunAsync("query", "db", "select 1 as a where 0", "--table")).Ok().Out, StringComparison.Ordinal);

    [Fact]
    public async Task A_long_table_has_all_its_rows()
    {
        var lines = (await box.RunAsync(
            "query", "db", "with recursive c(i) as (values (1) union all select i + 1 from c where i < 1234) select i from c", "--table")).Ok().Lines();
        var numbers = lines.Where(line => line.StartsWith('│') && !line.Contains('i', StringComparison.Ordinal)).Select(line => int.Parse(Cells(line)[0]));
        Assert.Equal(Enumerable.Range(1, 1234), numbers);
    }

    [Fact]
    public async Task What_a_row_holds_does_not_steer_the_terminal()
    {
        var table = (await box.RunAsync("query", "db", "select char(27) || '[2J[red]' as x", "--table")).Ok().Out;
        Assert.DoesNotContain('\e', table);
        Assert.Contains("␛[2J[red]", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_formats_are_one_too_many() =>
        (await box.RunAsync("query", "db", "select 1", "--csv", "--tabs")).Failed(2, "formats");

    [Fact]
    public async Task Values_are_printed_exactly()
    {
        (string Sql, string Text, string Json)[] values =
        [
            ("9e999", "Inf", """{"real":"Infinity"}"""),
            ("-9e999", "-Inf", """{"real":"-Infinity"}"""),
            ("1e308", "1E+308", "1E+308"),
            ("0.1", "0.1", "0.1"),
            ("100.0", "100.0", "100.0"),
            ("9007199254740991", "9007199254740991", "9007199254740991"),
            ("9007199254740992", "9007199254740992", """{"integer":"9007199254740992"}"""),
            ("-9223372036854775807 - 1", "-9223372036854775808", """{"integer":"-9223372036854775808"}"""),
            ("'grüße'", "grüße", "\"grüße\""),
            ("'a' || char(0) || 'b'", "a\0b", "\"a\\u0000b\""),
            ("x''", "X''", """{"blob":""}"""),
        ];
        var sql = $"select {string.Join(", ", values.Select(value => value.Sql))}";
        Assert.Equal(values.Select(value => value.Text), (await box.RunAsync("query", "db", sql)).Ok().Out.TrimEnd('\n').Split('\t'));
        var row = (await box.RunAsync("query", "db", sql, "--json")).Ok().Json().GetProperty("rows")[0];
        Assert.Equal(values.Select(value => value.Json), row.EnumerateArray().Select(value => value.GetRawText()));
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => box.Dispose();

    private async Task<Outcome> QueryAsync(params string[] options) => (await box.RunAsync(["query", "db", Sql, .. options])).Ok();

    private static string[] Cells(string line) => [.. line.Trim('│').Split('│').Select(cell => cell.Trim())];
}
