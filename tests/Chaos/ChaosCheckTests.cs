using OrleansSqlite.Worker;

namespace OrleansSqlite.Tests;

/// <summary>The check finds each thing that can be wrong in a history made by hand, and nothing in one that is fine.</summary>
public sealed class ChaosCheckTests
{
    /// <summary>Three writes to one list.</summary>
    private static readonly string[] Markers = [.. Enumerable.Range(1, 100).Select(i => $"1.0.{i}").Where(marker => ChaosWrite.ListOf(marker) == 0).Take(3)];

    [Fact]
    public void A_serial_history_is_fine() => Assert.Empty(ChaosCheck.Problems(History(), State(Markers)));

    [Fact]
    public void A_write_in_doubt_may_be_there_or_not()
    {
        Assert.Empty(ChaosCheck.Problems(Begun(2), State(Markers)));
        Assert.Empty(ChaosCheck.Problems(Begun(2), State(Markers[..2])));
    }

    [Fact]
    public void Lost() => Finds("lost: ", History(), State(Markers[..2]));

    [Fact]
    public void Twice() => Finds("twice: ", History(), State([.. Markers, Markers[2]]));

    [Fact]
    public void Invented() => Finds("invented: ", Begun(0), State(Markers[..1]) with { Done = ["9.9.9"] });

    [Fact]
    public void A_refused_write_that_took_effect() => Finds("not refused: ", Heard($"begin {Markers[0]} 1", $"refused {Markers[0]} 2 sql"), State(Markers[..1]));

    [Fact]
    public void One_refusal_of_two_attempts_is_no_refusal() =>
        Assert.Empty(ChaosCheck.Problems(Heard($"begin {Markers[0]} 1", $"begin {Markers[0]} 3", $"refused {Markers[0]} 4 sql"), State(Markers[..1])));

    [Fact]
    public void A_part_of_a_write() => Finds("torn: ", History(), State(Markers) with { Lists = State(Markers[..2]).Lists });

    [Fact]
    public void A_lost_update() => Finds("lost update: ", History(), State(Markers) with { Counters = new Dictionary<int, long> { [0] = 2 } });

    [Fact]
    public void A_false_answer() => Finds("told: ", Heard($"begin {Markers[0]} 1", $"landed {Markers[0]} 2 1 2 2"), State(Markers[..1]));

    [Fact]
    public void Two_writes_at_one_place()
    {
        (long, string)[] items = [(1, Markers[0]), (1, Markers[1])];
        Finds("place: ", Begun(2), State(Markers[..2]) with { Lists = new Dictionary<int, IReadOnlyList<(long, string)>> { [0] = items } });
    }

    [Fact]
    public void Two_writes_in_another_order_than_they_were_answered() => Finds(
        "stands in list",
        Heard($"begin {Markers[0]} 1", $"landed {Markers[0]} 2 1 2 2", $"begin {Markers[1]} 3", $"landed {Markers[1]} 4 2 1 1"),
        State([Markers[1], Markers[0]]));

    [Fact]
    public void A_version_that_is_not_higher_than_one_that_was_known() => Finds(
        "has version 7", Heard($"begin {Markers[0]} 1", $"landed {Markers[0]} 2 7 1 1", $"begin {Markers[1]} 3", $"landed {Markers[1]} 4 7 2 2"), State(Markers[..2]));

    [Fact]
    public void A_repetition_that_was_told_something_else() => Finds(
        "contradiction: ",
        Heard($"begin {Markers[0]} 1", $"begin {Markers[0]} 2", $"landed {Markers[0]} 3 1 1 1", $"landed {Markers[0]} 4 2 1 1"),
        State(Markers[..1]));

    [Fact]
    public void A_stale_strong_read()
    {
        Finds("stale: ", History("read 11 0"), State(Markers));
        Assert.Empty(ChaosCheck.Problems(History("read 11 1", "read 20 1"), State(Markers)));
    }

    private static void Finds(string problem, ChaosHistory history, ChaosState state) =>
        Assert.Contains(ChaosCheck.Problems(history, state), found => found.Contains(problem, StringComparison.Ordinal));

    private static ChaosHistory Heard(params string[] lines)
    {
        var history = new ChaosHistory();
        Array.ForEach(lines, history.Hear);
        return history;
    }

    /// <summary>All were sent, one after the other, and landed.</summary>
    private static ChaosHistory History(params string[] more) => Heard(
    [
        .. Markers.SelectMany((marker, i) => (string[])[$"begin {marker} {(i * 20) + 1}", $"landed {marker} {(i * 20) + 10} {i + 1} {i + 1} {i + 1}"]),
        .. more,
    ]);

    /// <summary>The first ones landed, and the last one was sent by a process that was killed.</summary>
    private static ChaosHistory Begun(int landed) => Heard(
    [
        .. Markers[..landed].SelectMany((marker, i) => (string[])[$"begin {marker} {(i * 20) + 1}", $"landed {marker} {(i * 20) + 10} {i + 1} {i + 1} {i + 1}"]),
        $"begin {Markers[landed]} 100",
    ]);

    private static ChaosState State(string[] done) => new(
        done,
        new Dictionary<int, IReadOnlyList<(long, string)>> { [0] = [.. done.Select((marker, i) => (i + 1L, marker))] },
        new Dictionary<int, long> { [0] = done.Length });
}
