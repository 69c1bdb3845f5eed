using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Tests;

/// <summary>What must hold of each write, by hand.</summary>
public sealed class WriteCheckTests
{
    [Fact]
    public void Writes_that_ended_as_they_should_are_fine() =>
        Assert.Empty(WriteCheck.Problems([Ended("a", landed: true), Ended("b", known: true), Ended("c", known: false), Ended("d", known: false)], ["a", "c"], Whole));

    [Fact]
    public void An_acknowledged_write_that_is_lost_is_found() => Finds("lost", [Ended("a", landed: true)], []);

    [Fact]
    public void A_write_that_took_effect_twice_is_found() => Finds("2 times", [Ended("a", landed: true)], ["a", "a"]);

    [Fact]
    public void An_unknown_write_that_took_effect_twice_is_found() => Finds("2 times", [Ended("a", known: false)], ["a", "a"]);

    [Fact]
    public void A_refused_write_that_took_effect_is_found() => Finds("refused and took effect", [Ended("a", known: true)], ["a"]);

    [Fact]
    public void A_write_of_nobody_is_found() => Finds("by nobody", [], ["a"]);

    [Fact]
    public void What_a_restore_has_taken_back_is_absent()
    {
        var other = new Descent(new HashSet<long> { 2 }, new HashSet<string>());
        Assert.Empty(WriteCheck.Problems([Ended("a", landed: true)], [], other));
        Finds("took effect again", [Ended("a", landed: true)], ["a"], other);
    }

    [Fact]
    public void What_a_restore_has_brought_back_may_have_been_told_of_another_version() =>
        Assert.Empty(WriteCheck.Problems([Ended("a", landed: true)], ["a"], new Descent(new HashSet<long> { 2 }, new HashSet<string> { "a" })));

    [Fact]
    public void One_answer_of_many_that_it_landed_counts()
    {
        var write = Ended("a", known: true);
        Assert.Equal(Simulation.Processes.Ended.Refused, write.Ended);
        int second = write.Send(null!);
        Assert.Equal(Simulation.Processes.Ended.Unknown, write.Ended);
        write.Land(second, 3, 7);
        Assert.Equal(Simulation.Processes.Ended.Landed, write.Ended);
        Assert.Equal((3, 7), (write.Version, write.Answered));
    }

    [Fact]
    public void What_was_known_at_a_time_is_remembered()
    {
        var knowledge = new Knowledge();
        knowledge.Hear(TimeSpan.FromSeconds(1), 5);
        knowledge.Hear(TimeSpan.FromSeconds(2), 4);
        knowledge.Hear(TimeSpan.FromSeconds(3), 8);
        Assert.Equal(0, knowledge.Before(TimeSpan.FromSeconds(1)));
        Assert.Equal(5, knowledge.Before(TimeSpan.FromSeconds(3)));
        Assert.Equal(8, knowledge.Before(TimeSpan.FromSeconds(4)));
        Assert.Equal(8, knowledge.Newest);
    }

    private static Descent Whole => new(new HashSet<long> { 1 }, new HashSet<string>());

    private static void Finds(string problem, Write[] writes, string[] there, Descent? descent = null) =>
        Assert.Contains(problem, Assert.Single(WriteCheck.Problems(writes, there, descent ?? Whole)), StringComparison.Ordinal);

    private static Write Ended(string marker, bool landed = false, bool known = false)
    {
        var write = new Write(marker, "test", 1);
        int send = write.Send(null!);
        if (landed)
        {
            write.Land(send, 1, 2);
        }
        else
        {
            write.Fail(send, known, "because");
        }

        return write;
    }
}
