using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Tests;

/// <summary>The isolation checker finds each anomaly in a history made by hand, and none in one that is fine.</summary>
public sealed class ListCheckTests
{
    private long moment;

    [Fact]
    public void A_serial_history_is_fine() => Assert.Empty(Check(
        Lists((1, [1, 2, 3]), (2, [4])),
        Wrote("a", Append(1, 1)),
        Wrote("b", Saw(1, 1), Append(1, 2), Saw(1, 1, 2), Append(1, 3)),
        Wrote("c", Saw(1, 1, 2, 3), Saw(2), Append(2, 4)),
        Wrote("d", Saw(2, 4))));

    [Fact]
    public void Concurrent_transactions_may_be_in_either_order() => Assert.Empty(Check(
        Lists((1, [1, 2])),
        Between("a", 1, 10, Append(1, 2)),
        Between("b", 2, 9, Append(1, 1)),
        Between("c", 3, 8, Saw(1)),
        Between("d", 4, 7, Saw(1, 1))));

    [Fact]
    public void An_unknown_append_may_be_there_or_not() => Assert.Empty(Check(
        Lists((1, [1])), Open("a", Append(1, 1)), Open("b", Append(1, 2)), Wrote("c", Saw(1, 1))));

    [Fact]
    public void A_stale_read_that_promised_nothing_is_fine() =>
        Assert.Empty(Check(Lists((1, [1])), Wrote("a", Append(1, 1)), Wrote("b", Saw(1)) with { RespectsTime = false }));

    [Fact]
    public void G0_two_orders_of_two_writers() => Finds("G0", Check(
        Lists((1, [1, 2]), (2, [4, 3])), Between("a", 1, 9, Append(1, 1), Append(2, 3)), Between("b", 2, 8, Append(1, 2), Append(2, 4))));

    [Fact]
    public void G1a_an_append_of_a_refused_transaction() =>
        Finds("G1a", Check(Lists((1, [1])), Wrote("a", Append(1, 1)) with { Ended = Ended.Refused }));

    [Fact]
    public void G1a_a_read_of_a_refused_transaction() =>
        Finds("G1a", Check(Lists((1, [])), Wrote("a", Append(1, 1)) with { Ended = Ended.Refused }, Wrote("b", Saw(1, 1))));

    [Fact]
    public void G1b_a_read_in_the_midst_of_a_transaction() =>
        Finds("G1b", Check(Lists((1, [1, 2])), Between("a", 1, 9, Append(1, 1), Append(1, 2)), Between("b", 2, 8, Saw(1, 1))));

    [Fact]
    public void G1c_two_transactions_that_read_each_other() => Finds("G1c", Check(
        Lists((1, [1]), (2, [2])), Between("a", 1, 9, Append(1, 1), Saw(2, 2)), Between("b", 2, 8, Append(2, 2), Saw(1, 1))));

    [Fact]
    public void G_single_a_read_of_one_half() => Finds("G-single", Check(
        Lists((1, [1]), (2, [2])), Between("a", 1, 9, Append(1, 1), Append(2, 2)), Between("b", 2, 8, Saw(1, 1), Saw(2))));

    [Fact]
    public void G2_write_skew() => Finds("G2", Check(
        Lists((1, [1]), (2, [2])), Between("a", 1, 9, Saw(2), Append(1, 1)), Between("b", 2, 8, Saw(1), Append(2, 2))));

    [Fact]
    public void A_lost_append() => Finds("lost append", Check(Lists((1, [1])), Wrote("a", Append(1, 1)), Wrote("b", Append(1, 2))));

    [Fact]
    public void A_lost_update() => Finds("G-single", Check(
        Lists((1, [1, 2])), Between("a", 1, 9, Saw(1), Append(1, 1)), Between("b", 2, 8, Saw(1), Append(1, 2))));

    [Fact]
    public void A_duplicate_append() => Finds("duplicate append", Check(Lists((1, [1, 1])), Wrote("a", Append(1, 1))));

    [Fact]
    public void A_value_that_nobody_appended() => Finds("garbage", Check(Lists((1, [7]))));

    [Fact]
    public void A_read_of_a_value_that_nobody_appended() => Finds("garbage", Check(Lists((1, [])), Wrote("a", Saw(1, 7))));

    [Fact]
    public void Half_of_an_unknown_transaction() => Finds("torn", Check(Lists((1, [1])), Open("a", Append(1, 1), Append(2, 2))));

    [Fact]
    public void Two_readers_who_saw_different_orders() => Finds("incompatible order", Check(
        Lists((1, [1, 2])), Between("a", 1, 9, Append(1, 1)), Between("b", 2, 8, Append(1, 2)), Between("c", 3, 7, Saw(1, 2))));

    [Fact]
    public void A_transaction_that_did_not_see_its_own_append() =>
        Finds("internal", Check(Lists((1, [1])), Wrote("a", Append(1, 1), Saw(1))));

    [Fact]
    public void A_stale_strong_read() => Finds("time", Check(Lists((1, [1])), Wrote("a", Append(1, 1)), Wrote("b", Saw(1))));

    [Fact]
    public void A_read_of_the_future() => Finds("time", Check(Lists((1, [1])), Wrote("a", Saw(1, 1)), Wrote("b", Append(1, 1))));

    [Fact]
    public void Writes_in_another_order_than_they_were_answered() =>
        Finds("time", Check(Lists((1, [2, 1])), Wrote("a", Append(1, 1)), Wrote("b", Append(1, 2))));

    [Fact]
    public void Time_counts_by_way_of_others() => Finds("time", Check(
        Lists((1, [1]), (2, [2])),
        Wrote("a", Append(1, 1)),
        Wrote("between", Append(2, 2)),
        Wrote("b", Saw(1))));

    private static void Finds(string name, IReadOnlyList<string> anomalies) => Assert.Contains(anomalies, anomaly => anomaly.Contains(name, StringComparison.Ordinal));

    private static IReadOnlyList<string> Check(Dictionary<int, IReadOnlyList<int>> final, params ListTransaction[] history) => ListCheck.Anomalies(history, final);

    private static Dictionary<int, IReadOnlyList<int>> Lists(params (int Key, int[] Values)[] lists) => lists.ToDictionary(list => list.Key, list => (IReadOnlyList<int>)list.Values);

    private static ListStep Append(int key, int value) => ListStep.Append(key, value);

    private static ListStep Saw(int key, params int[] values) => ListStep.Saw(key, values);

    /// <summary>One after all before it.</summary>
    private ListTransaction Wrote(string name, params ListStep[] steps) => Between(name, ++moment, ++moment, steps);

    private static ListTransaction Between(string name, long invoked, long answered, params ListStep[] steps) => new(name, invoked, answered, Ended.Landed, true, steps);

    private ListTransaction Open(string name, params ListStep[] steps) => new(name, ++moment, long.MaxValue, Ended.Unknown, true, steps);
}
