using OrleansSqlite.Tests.Faults;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Tests.Commit;

/// <summary>The same operation id never takes effect twice, and its repetition hears what the first one heard.</summary>
public sealed class OperationTests
{
    private const string Schema = "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT)";

    [Fact]
    public async Task A_repetition_is_answered_with_the_first_result_here_and_elsewhere_and_after_reopening()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var batch = Operation("one", "a");
        var first = await scene[0].Database.ExecuteAsync(batch);
        await scene[0].RunAsync("INSERT INTO t(v) VALUES ('other')");
        foreach (var process in new[] { scene[0], scene[1], await scene.JoinAsync() })
        {
            var again = await process.Database.ExecuteAsync(batch);
            Assert.Equal((true, first.Version), (again.Repeated, again.Version));
            Assert.Equal(first.Results[0].Rows[0], again.Results[0].Rows[0]);
            Assert.Equal((1, 1), (again.Results[0].Changes, again.Results[0].LastInsertRowId));
        }

        Assert.Equal("a|other", string.Join('|', await scene[1].ColumnAsync("SELECT v FROM t ORDER BY id")));
    }

    [Fact]
    public async Task Ten_at_once_from_two_processes_take_effect_once()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => scene[i % 2].Database.ExecuteAsync(Operation("one", "a"))));
        Assert.Single(results, result => !result.Repeated);
        Assert.Single(results.Select(result => result.Version).Distinct());
        Assert.Equal(1, await scene[0].CountAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task Different_operations_that_race_are_not_mistaken_for_each_other()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => scene[i % 2].Database.ExecuteAsync(Operation($"{i}", $"v{i}"))));
        Assert.DoesNotContain(results, result => result.Repeated);
        Assert.Equal(40, await scene[0].CountAsync("SELECT count(DISTINCT v) FROM t"));

        // What was recorded as the version is the version, groups and lost races notwithstanding.
        for (int i = 0; i < 40; i++)
        {
            var again = await scene[(i + 1) % 2].Database.ExecuteAsync(Operation($"{i}", $"v{i}"));
            Assert.Equal((true, results[i].Version), (again.Repeated, again.Version));
        }
    }

    [Fact]
    public async Task The_recorded_version_is_right_on_top_of_a_group_that_changed_nothing()
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        var held = Held.Next(scene[0].Store, StoreVerb.Read);
        var nothing = scene[0].RunAsync("DELETE FROM t WHERE v = 'none'");
        await held.Arrived;
        var write = await GroupTests.StackAsync(scene[0], 2, () => scene[0].Database.ExecuteAsync(Operation("one", "a")));
        held.Release();
        await nothing;
        Assert.Equal(2, (await (Task<BatchResult>)write).Version);
        Assert.Equal(2, (await scene[1].Database.ExecuteAsync(Operation("one", "a"))).Version);
    }

    [Theory]
    [InlineData("INSERT INTO t(v) VALUES (?) RETURNING id ", "a")]
    [InlineData("INSERT INTO t(v) VALUES (?) RETURNING id", "b")]
    public async Task The_same_id_for_another_write_is_refused(string sql, string value)
    {
        await using var scene = await Scene.WithAsync(2, Schema);
        await scene[0].Database.ExecuteAsync(Operation("one", "a"));
        var error = await Process.FailureAsync(scene[1].Database.ExecuteAsync(new Batch(new Statement(sql, value)) { OperationId = "one" }));
        Assert.Equal((ErrorKind.Invalid, ErrorCodes.OperationReused), (error.Kind, error.Code));
        Assert.Equal(1, await scene[0].CountAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task Parameters_that_only_look_alike_are_another_write()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        static Batch Make(params object[] values) => new(new Statement("INSERT INTO t(v) VALUES (?1 || coalesce(?2, ''))", values)) { OperationId = "one" };
        await scene[0].Database.ExecuteAsync(Make("a", "b"));
        var error = await Process.FailureAsync(scene[0].Database.ExecuteAsync(Make("a\u0001Text:b", "")));
        Assert.Equal(ErrorCodes.OperationReused, error.Code);
        error = await Process.FailureAsync(scene[0].Database.ExecuteAsync(Make("a", "b"u8.ToArray())));
        Assert.Equal(ErrorCodes.OperationReused, error.Code);
    }

    [Fact]
    public async Task A_failed_operation_is_not_recorded_and_may_be_repeated()
    {
        await using var scene = await Scene.WithAsync(1, "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT UNIQUE)", "INSERT INTO t VALUES (1, 'a')");
        var batch = Operation("one", "a");
        Assert.Contains("UNIQUE", (await Process.FailureAsync(scene[0].Database.ExecuteAsync(batch))).Message);
        await scene[0].RunAsync("DELETE FROM t");
        Assert.False((await scene[0].Database.ExecuteAsync(batch)).Repeated);
    }

    [Fact]
    public async Task Old_operations_are_forgotten_and_young_ones_are_not()
    {
        var options = new DatabaseOptions { Threads = 2, OperationRetention = TimeSpan.FromHours(1) };
        await using var scene = await Scene.WithAsync(1, options, Schema);
        await scene[0].Database.ExecuteAsync(Operation("old", "a"));
        scene.Time.Advance(TimeSpan.FromMinutes(40));
        await scene[0].Database.ExecuteAsync(Operation("young", "b"));
        scene.Time.Advance(TimeSpan.FromMinutes(30));
        await scene[0].Database.ExecuteAsync(Operation("new", "c"));
        Assert.Equal(["new", "young"], await scene[0].ColumnAsync($"SELECT id FROM {OperationLog.Table} ORDER BY id"));
        Assert.False((await scene[0].Database.ExecuteAsync(Operation("old", "a"))).Repeated);
        Assert.True((await scene[0].Database.ExecuteAsync(Operation("young", "b"))).Repeated);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task An_id_that_is_empty_or_too_long_is_refused(string? id)
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var error = await Process.FailureAsync(scene[0].Database.ExecuteAsync(Operation(id ?? new string('x', 129), "a")));
        Assert.Equal(ErrorCodes.BadArgument, error.Code);
        Assert.Equal(0, await scene[0].CountAsync("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_result_too_large_to_keep_is_repeated_without_its_rows()
    {
        await using var scene = await Scene.WithAsync(1, Schema);
        var batch = new Batch(new Statement("INSERT INTO t(v) VALUES (hex(zeroblob(20000))) RETURNING v")) { OperationId = "one" };
        Assert.Single((await scene[0].Database.ExecuteAsync(batch)).Results);
        var again = await scene[0].Database.ExecuteAsync(batch);
        Assert.True(again.Repeated);
        Assert.Empty(again.Results);
        Assert.Equal(1, await scene[0].CountAsync("SELECT count(*) FROM t"));
    }

    private static Batch Operation(string id, string value) =>
        new(new Statement("INSERT INTO t(v) VALUES (?) RETURNING id", value)) { OperationId = id };
}
