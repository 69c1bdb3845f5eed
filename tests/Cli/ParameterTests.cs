namespace OrleansSqlite.Tests;

public sealed class ParameterTests : IAsyncLifetime, IDisposable
{
    private readonly Sandbox box = new();

    public async Task InitializeAsync() => (await box.RunAsync("create", "db")).Ok();

    [Fact]
    public async Task A_value_is_what_it_looks_like_in_SQL()
    {
        (string Value, string Shown)[] values =
        [
            ("12", "integer 12"),
            ("-5", "integer -5"),
            ("9223372036854775807", "integer 9223372036854775807"),
            ("1.5", "real 1.5"),
            ("-2e3", "real -2000.0"),
            ("null", "null NULL"),
            ("X'00ff'", "blob X'00FF'"),
            ("'12'", "text 12"),
            ("'it''s'", "text it's"),
            ("tea", "text tea"),
            ("", "text "),
            ("@file", "text @file"),
            ("007", "text 007"),
            ("+4912345", "text +4912345"),
            ("99999999999999999999", "text 99999999999999999999"),
            ("1e999", "text 1e999"),
            ("NaN", "text NaN"),
            ("'; drop table t; --", "text '; drop table t; --"),
        ];
        var positional = string.Join(" union all ", values.Select((_, i) => $"select typeof(?{i + 1}), ?{i + 1}"));
        var named = string.Join(" union all ", values.Select((_, i) => $"select typeof(:v{i}), :v{i}"));
        Assert.Equal(
            values.Select(value => value.Shown),
            (await box.RunAsync(["query", "db", positional, .. values.SelectMany(value => (string[])["--arg", value.Value])])).Ok().Lines().Select(Spaced));
        Assert.Equal(
            values.Select(value => value.Shown),
            (await box.RunAsync(["query", "db", named, .. values.SelectMany((value, i) => (string[])["--param", $"v{i}={value.Value}"])])).Ok().Lines().Select(Spaced));
    }

    [Fact]
    public async Task With_text_every_value_is_taken_as_it_is() =>
        Assert.Equal(
            ["text 12", "text null", "text X'00'", "text 'quoted'"],
            (await box.RunAsync(
                "query", "db", "select typeof(?1), ?1 union all select typeof(?2), ?2 union all select typeof(?3), ?3 union all select typeof(:q), :q", "--text",
                "--arg", "12", "--arg", "null", "--arg", "X'00'", "--param", "q='quoted'")).Ok().Lines().Select(Spaced));

    [Fact]
    public async Task Values_fill_the_question_marks_in_order() =>
        Assert.Equal("1\ttwo\t3.0\n", (await box.RunAsync("query", "db", "select ?, ?, ?", "--arg", "1", "--arg", "two", "--arg", "3.0")).Ok().Out);

    [Fact]
    public async Task Dash_reads_the_SQL_from_standard_input()
    {
        Assert.Equal("5\n", (await box.RunAsync("select ?\n  + 3\n", ["query", "db", "-", "--arg", "2"])).Ok().Out);
        Assert.StartsWith("ok: 1 row", (await box.RunAsync("create table t(a);\ninsert into t values (1);\n", ["execute", "db", "-"])).Ok().Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--param", "novalue", "novalue")]
    [InlineData("--param", "=1", "=1")]
    [InlineData("--arg", "X'0'", "X'0'")]
    [InlineData("--arg", "X'zz'", "X'zz'")]
    public async Task A_value_that_is_none_is_refused(string option, string value, string what) =>
        (await box.RunAsync("query", "db", "select 1", option, value)).Failed(2, what);

    [Fact]
    public async Task A_missing_value_is_refused() => (await box.RunAsync("query", "db", "select :name")).Failed(2, "name");

    private static string Spaced(string line) => line.Replace('\t', ' ');

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => box.Dispose();
}
