using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OrleansSqlite.Cli;

namespace OrleansSqlite.Tests;

public sealed class ExitCodeTests : IDisposable
{
    private readonly Sandbox box = new();

    [Theory]
    [InlineData(ErrorKind.Invalid, 2)]
    [InlineData(ErrorKind.Conflict, 3)]
    [InlineData(ErrorKind.Unavailable, 4)]
    [InlineData(ErrorKind.Overloaded, 5)]
    [InlineData(ErrorKind.Corrupt, 6)]
    [InlineData(ErrorKind.Internal, 7)]
    public void Each_kind_has_its_code(ErrorKind kind, int code) => Assert.Equal(code, ExitCodes.Of(kind));

    [Fact]
    public void Every_error_code_has_a_next_step_of_its_own_or_that_of_its_kind()
    {
        var general = NextStep.After(new(ErrorKind.Invalid, "a code that there is not", ""));
        string[] asTheirKind =
        [
            ErrorCodes.BadArgument, ErrorCodes.QueueFull, ErrorCodes.RetriesExhausted, ErrorCodes.DataChanged, ErrorCodes.NotRepeatable, ErrorCodes.Damaged, ErrorCodes.Invariant,
        ];
        var codes = typeof(ErrorCodes).GetFields().Select(field => (string)field.GetRawConstantValue()!).ToArray();
        Assert.NotEmpty(codes);
        Assert.Equal(asTheirKind.Order(), codes.Where(code => NextStep.After(new(ErrorKind.Invalid, code, "")) == general).Order());
    }

    [Fact]
    public async Task Bad_SQL_is_2()
    {
        await box.RunAsync("create", "db");
        (await box.RunAsync("query", "db", "selec 1")).Failed(2, "selec");
        (await box.RunAsync("execute", "db", "insert into missing values (1)")).Failed(2, "missing");
        (await box.RunAsync("query", "db", "create table t(a)")).Failed(2, "");
    }

    [Fact]
    public async Task A_missing_database_is_2()
    {
        foreach (var verb in (string[][])[["info", "nope"], ["query", "nope", "select 1"], ["execute", "nope", "select 1"], ["delete", "nope", "--yes"]])
        {
            (await box.RunAsync(verb)).Failed(2, "nope");
        }
    }

    [Fact]
    public async Task A_database_that_exists_is_2()
    {
        await box.RunAsync("create", "db");
        (await box.RunAsync("create", "db")).Failed(2, "db");
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("a/b")]
    [InlineData("")]
    public async Task A_bad_name_is_2(string name) => (await box.RunAsync("create", name)).Failed(2, "name");

    [Theory]
    [InlineData("nonsense")]
    [InlineData("query")]
    [InlineData("query", "db")]
    [InlineData("list", "--nonsense")]
    [InlineData("query", "db", "select 1", "--stale", "soon")]
    public async Task A_wrong_command_line_is_2(params string[] args)
    {
        var outcome = (await box.RunAsync(args)).Failed(2, "");
        Assert.Contains("--help", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gopher://here")]
    [InlineData("s3://x")]
    [InlineData("/proc/version/nowhere")]
    public async Task A_wrong_store_is_2(string store) => (await box.RunAsync("list", "--store", store)).Failed(2, "");

    [Fact]
    public async Task Another_version_than_expected_is_3()
    {
        await box.RunAsync("create", "db");
        await box.RunAsync("execute", "db", "create table t(a)");
        (await box.RunAsync("execute", "db", "insert into t values (1)", "--expect-version", "0")).Failed(3, "version 0");
        Assert.Equal("ok: 1 row changed, version 2\n", (await box.RunAsync("execute", "db", "insert into t values (1)", "--expect-version", "1")).Ok().Out);
    }

    [Fact]
    public async Task A_store_that_is_away_is_4()
    {
        // Nobody listens on port 1.
        using var process = box.Start(
            Sandbox.Program, ["list", "--store", "s3://bucket/prefix?endpoint=http://127.0.0.1:1&region=us-east-1&pathStyle=true"],
            ("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "hidden-secret"));
        var outcome = (await Sandbox.FinishAsync(process, "")).Failed(4, "127.0.0.1:1");
        Assert.DoesNotContain("hidden-secret", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_head_is_6()
    {
        await box.RunAsync("create", "db");
        await box.RunAsync("execute", "db", "create table t(a)");
        var head = Directory.EnumerateFiles(box.StoreFolder, "*", SearchOption.AllDirectories)
            .Single(file => file.Contains("db", StringComparison.Ordinal) && Path.GetFileName(file).StartsWith("head", StringComparison.Ordinal));
        var bytes = File.ReadAllBytes(head);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(head, bytes);
        (await box.RunAsync("query", "db", "select * from t")).Failed(6, "db/head");
    }

    [Fact]
    public async Task With_json_an_error_is_json_too()
    {
        var outcome = await box.RunAsync("query", "nope", "select 1", "--json");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Empty(outcome.Out);
        var error = JsonDocument.Parse(outcome.Error).RootElement;
        Assert.Equal("Invalid", error.GetProperty("kind").GetString());
        Assert.Equal("database-not-found", error.GetProperty("code").GetString());
        Assert.Equal("nope", error.GetProperty("database").GetString());
        Assert.Contains("orleans-sqlite list", error.GetProperty("next").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verbose_adds_the_stack_trace()
    {
        var outcome = await box.RunAsync("query", "nope", "select 1", "--verbose");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("   at OrleansSqlite", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_is_130_and_has_no_effect()
    {
        await box.RunAsync("create", "db");
        await box.RunAsync("execute", "db", "create table t(a)");
        using var process = box.Start(
            Sandbox.Program, ["execute", "db", "insert into t values (1); insert into t with recursive c(i) as (values (1) union all select i + 1 from c) select max(i) from c"]);
        // It runs for ever, so the moment does not matter as long as the signal is listened to.
        await Task.Delay(2000);
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        var outcome = await Sandbox.FinishAsync(process, "");
        Assert.Equal(130, outcome.ExitCode);
        Assert.Equal("cancelled: nothing of it took effect.\n", outcome.Error);
        Assert.Equal("0\n", (await box.RunAsync("query", "db", "select count(*) from t")).Ok().Out);
    }

    public void Dispose() => box.Dispose();
}
