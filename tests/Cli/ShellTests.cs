namespace OrleansSqlite.Tests;

public sealed class ShellTests : IAsyncLifetime, IDisposable
{
    private readonly Sandbox box = new();

    public async Task InitializeAsync() => (await box.RunAsync("create", "db")).Ok();

    [Fact]
    public async Task Statements_run_without_prompts() =>
        Assert.Equal("1|two\n3|NULL\n", (await ShellAsync("create table t(a, b);\ninsert into t values (1, 'two'), (3, null);\nselect * from t;\n")).Ok().Out);

    [Fact]
    public async Task A_statement_may_take_several_lines_and_hold_semicolons() =>
        Assert.Equal(
            "x;\ny\n2\n",
            (await ShellAsync(
                """
                create table t(a);
                create table log(a);
                create trigger tr after insert on t begin
                  insert into log values (new.a);
                  insert into log values (new.a);
                end;
                insert into t values ('x;
                y');
                select a from t;
                /* a comment; with a
                   semicolon */
                -- another;
                select count(*) from log;

                """)).Ok().Out);

    [Fact]
    public async Task The_last_statement_needs_no_semicolon() => Assert.Equal("7\n", (await ShellAsync("select 7")).Ok().Out);

    [Fact]
    public async Task An_error_does_not_end_the_shell_but_shows_in_the_exit_code()
    {
        var outcome = await ShellAsync("selec 1;\n.nonsense\nselect 2;\n");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Equal("2\n", outcome.Out);
        Assert.Contains("selec", outcome.Error, StringComparison.Ordinal);
        Assert.Contains(".nonsense", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_input_is_a_transaction()
    {
        var outcome = await ShellAsync("create table t(a unique);\ninsert into t values (1); insert into t values (1);\ninsert into t values (2);\nselect a from t;\n");
        Assert.Equal("2\n", outcome.Out);
        Assert.Contains("statement 2", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_between_begin_and_commit_is_one_version()
    {
        await ShellAsync("create table t(a);\nBEGIN;\ninsert into t values (1);\ninsert into t values (2);\nselect count(*) from t;\nCOMMIT;\n");
        Assert.Equal(2, (await box.RunAsync("info", "db", "--json")).Json().GetProperty("version").GetInt64());
        Assert.Equal("2\n", (await box.RunAsync("query", "db", "select count(*) from t")).Out);
    }

    [Fact]
    public async Task Begin_and_commit_may_share_a_line() =>
        Assert.Equal("1\n", (await ShellAsync("create table t(a);\nbegin; insert into t values (1); commit; select count(*) from t;\n")).Ok().Out);

    [Fact]
    public async Task A_transaction_that_fails_has_no_effect()
    {
        var outcome = await ShellAsync("create table t(a);\nbegin;\ninsert into t values (1);\ninsert into nothing values (1);\ncommit;\nselect count(*) from t;\n");
        Assert.Equal("0\n", outcome.Out);
        Assert.Contains("nothing", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(2, outcome.ExitCode);
    }

    [Fact]
    public async Task Rollback_drops_the_transaction_but_a_savepoint_is_the_databases() =>
        Assert.Equal(
            "0\n1\n",
            (await ShellAsync(
                """
                create table t(a);
                begin; insert into t values (1); rollback;
                select count(*) from t;
                begin; insert into t values (1); savepoint s; insert into t values (2); rollback to s; release s; commit;
                select count(*) from t;

                """)).Ok().Out);

    [Theory]
    [InlineData("commit;\n", "no transaction")]
    [InlineData("rollback;\n", "no transaction")]
    [InlineData("begin;\nbegin;\n", "already")]
    [InlineData("begin;\ninsert into t values (1);\n", "not committed")]
    public async Task A_transaction_used_wrongly_is_said(string input, string what)
    {
        var outcome = await ShellAsync("create table t(a);\n" + input);
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(what, outcome.Error, StringComparison.Ordinal);
        Assert.Equal("0\n", (await box.RunAsync("query", "db", "select count(*) from t")).Out);
    }

    [Fact]
    public async Task A_with_that_writes_is_run_as_a_write() =>
        Assert.Equal("1\n2\n3\n", (await ShellAsync(
            "create table t(a);\nwith recursive c(i) as (values (1) union all select i + 1 from c where i < 3) insert into t select i from c;\nselect a from t;\n")).Ok().Out);

    [Fact]
    public async Task The_schema_can_be_looked_at()
    {
        var outcome = (await ShellAsync(
            """
            create table item(id integer primary key, name text);
            create table "order"(id integer primary key);
            create index by_name on item(name);
            create view cheap as select * from item;
            .tables
            .tables i%
            .indexes
            .indexes order
            .schema item
            .ind item

            """)).Ok();
        Assert.Equal(
            """
            cheap  item   order
            item
            by_name
            CREATE TABLE item(id integer primary key, name text);
            CREATE INDEX by_name on item(name);
            by_name

            """, outcome.Out);
    }

    [Fact]
    public async Task Modes_and_headers_can_be_changed() =>
        Assert.Equal(
            """
            1|NULL
            a|b
            1|NULL
            a,b
            1,
            a = 1
            b = NULL
            1	-
            current mode: tabs

            """,
            (await ShellAsync(
                """
                select 1 as a, null as b;
                .headers on
                select 1 as a, null as b;
                .mode csv
                select 1 as a, null as b;
                .mode line
                select 1 as a, null as b;
                .mode tabs
                .headers off
                .nullvalue "-"
                select 1 as a, null as b;
                .mode

                """)).Ok().Out);

    [Fact]
    public async Task Read_runs_a_file_and_a_file_that_reads_itself_is_stopped()
    {
        File.WriteAllText(box.File("inner.sql"), "select 'inner';\n.quit\nselect 'never';\n");
        File.WriteAllText(box.File("loop.sql"), ".read loop.sql\n");
        var outcome = await ShellAsync("select 1;\n.read missing.sql\n.read loop.sql\n.read inner.sql\nselect 'never';\n");
        Assert.Equal("1\ninner\n", outcome.Out);
        Assert.Contains("missing.sql", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("loop.sql is read by itself", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_timer_prints_a_time() => Assert.Matches(@"^Run Time: real \d+\.\d{3}\n1\nRun Time: real \d+\.\d{3}\n$", (await ShellAsync(".timer on\nselect 1;\n")).Ok().Out);

    [Fact]
    public async Task Info_and_help_are_there()
    {
        var output = (await ShellAsync(".info\n.help\n")).Ok().Out;
        Assert.Contains("name       db\n", output, StringComparison.Ordinal);
        Assert.Contains(".import [--skip N] FILE TABLE", output, StringComparison.Ordinal);
        Assert.Contains("COMMIT; runs them as one transaction", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_needs_a_database_that_exists() => (await box.RunAsync("", ["shell", "nope"])).Failed(2, "nope");

    [Fact]
    public async Task A_shell_that_waits_for_input_ends_when_asked()
    {
        using var process = box.Start(Sandbox.Program, ["shell", "db"]);
        await process.StandardInput.WriteAsync("select 'ready';\n");
        await process.StandardInput.FlushAsync();
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync());
        using var kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(130, process.ExitCode);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => box.Dispose();

    private Task<Outcome> ShellAsync(string input) => box.RunAsync(input, ["shell", "db"]);
}
