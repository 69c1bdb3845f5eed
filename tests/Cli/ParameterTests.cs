namespace OrleansSqlite.Tests;

public sealed class ParameterTests : IAsyncLifetime, IDisposable
{
    private readonly Sandbox box = new();

    public async Task InitializeAsync() => (await box.RunAsync("create", "db")).Ok();

    [Theory]
    [InlineData("12", "integer", "12")]
    [InlineData("-5", "integer", "-5")]
    [InlineData("9223372036854775807", "integer", "9223372036854775807")]
    [InlineData("1.5", "real", "1.5")]
    [InlineData("-2e3", "real", "-2000.0")]
    [InlineData("null", "null", "NULL")]
    [InlineData("X'00ff'", "blob", "X'00FF'")]
    [InlineData("'12'", "text", "12")]
    [InlineData("'it''s'", "text", "it's")]
    [InlineData("tea", "text", "tea")]
    [InlineData("", "text", "")]
    [InlineData("@file", "text", "@file")]
    [InlineData("007", "text", "007")]
    [InlineData("+4912345", "text", "+4912345")]
    [InlineData("99999999999999999999", "text", "99999999999999999999")]
    [InlineData("1e999", "text", "1e999")]
    [InlineData("NaN", "text", "NaN")]
    [InlineData("'; drop table t; --", "text", "'; drop table t; --")]
    public async Task A_value_is_what_it_looks_like_in_SQL(string value, string type, string shown)
    {
        Assert.Equal($"{type}\t{shown}\n", (await box.RunAsync("query", "db", "select typeof(?1), ?1", $"--arg={value}")).Ok().Out);
        Assert.Equal($"{type}\t{shown}\n", (await box.RunAsync("query", "db", "select typeof(:v), :v", "--param", $"v={value}")).Ok().Out);
    }

    [Theory]
    [InlineData("12")]
    [InlineData("null")]
    [InlineData("X'00'")]
    [InlineData("'quoted'")]
    public async Task With_text_every_value_is_taken_as_it_is(string value) =>
        Assert.Equal($"text\t{value}\n", (await box.RunAsync("query", "db", "select typeof(?1), ?1", "--text", "--arg", value)).Ok().Out);

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

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => box.Dispose();
}
