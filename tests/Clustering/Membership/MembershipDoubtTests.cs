using System.Collections.Concurrent;
using Orleans;
using Orleans.Runtime;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Membership;

/// <summary>Answers of the store that don't arrive, or don't say what happened.</summary>
public sealed class MembershipDoubtTests : IAsyncDisposable
{
    private readonly MemoryStore store = new();
    private readonly FaultyStore faulty;

    public MembershipDoubtTests() => faulty = new FaultyStore(store);

    public ValueTask DisposeAsync() => store.DisposeAsync();

    public static TheoryData<string> Faults => ["Busy", "BusyTwin", "Refused", "ReplyLost", "RequestLost", "Echo", "Late"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_row_is_inserted_once_whatever_the_answer(string fault)
    {
        var table = Table.On(faulty);
        faulty.Next(StoreVerb.Swap, FaultOf(fault));
        Assert.True(await table.InsertAsync(Table.Entry(1)));
        await faulty.SettleAsync();
        var data = await Table.On(store).ReadAll();
        Assert.Equal((1, 1), (data.Version.Version, data.Members.Count));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_row_is_updated_once_whatever_the_answer(string fault)
    {
        var table = Table.On(faulty);
        await table.InsertAsync(Table.Entry(1));
        faulty.Next(StoreVerb.Swap, FaultOf(fault));
        Assert.True(await table.UpdateAsync(1, SiloStatus.Active));
        await faulty.SettleAsync();
        var data = await Table.On(store).ReadAll();
        Assert.Equal((2, SiloStatus.Active), (data.Version.Version, data.Members[0].Item1.Status));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_sign_of_life_is_written_whatever_the_answer(string fault)
    {
        var table = Table.On(faulty);
        await table.InsertAsync(Table.Entry(1));
        faulty.Next(StoreVerb.Swap, FaultOf(fault));
        var alive = new DateTime(2026, 5, 1, 14, 0, 0, DateTimeKind.Utc);
        await table.UpdateIAmAlive(new MembershipEntry { SiloAddress = Table.Silo(1), IAmAliveTime = alive });
        await faulty.SettleAsync();
        Assert.Equal(alive, (await Table.On(store).ReadAll()).Members[0].Item1.IAmAliveTime);
    }

    [Fact]
    public async Task A_write_that_landed_is_found_behind_those_of_others()
    {
        faulty.Next(StoreVerb.Swap, Fault.ReplyLost);
        var table = Table.On(faulty);
        var version = (await table.ReadAll()).Version;
        AfterNextSwap(() => UpdateAsync(30));
        Assert.True(await table.InsertRow(Table.Entry(1), version.Next()));
        Assert.Equal(31, (await table.ReadAll()).Version.Version);
    }

    [Theory]
    [InlineData("ReplyLost")]
    [InlineData("Echo")]
    [InlineData("BusyTwin")]
    public async Task A_write_that_may_lie_too_far_back_is_not_said_to_have_failed(string fault)
    {
        faulty.Next(StoreVerb.Swap, FaultOf(fault));
        var table = Table.On(faulty);
        var version = (await table.ReadAll()).Version;
        AfterNextSwap(() => UpdateAsync(40));
        var error = await Assert.ThrowsAsync<OrleansException>(() => table.InsertRow(Table.Entry(1), version.Next()));
        Assert.Contains("may or may not have been changed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_was_lost_to_another_is_said_to_have_failed()
    {
        faulty.Next(StoreVerb.Swap, Fault.RequestLost);
        var table = Table.On(faulty);
        var version = (await table.ReadAll()).Version;
        AfterNextSwap(() => Table.On(store).InsertAsync(Table.Entry(2)));
        Assert.False(await table.InsertRow(Table.Entry(1), version.Next()));
        Assert.Equal(["silo 2"], await table.NamesAsync());
    }

    [Fact]
    public async Task A_sign_of_life_of_another_does_not_fail_a_row()
    {
        var table = Table.On(faulty);
        await table.InsertAsync(Table.Entry(1));
        var version = (await table.ReadAll()).Version;
        var alive = new DateTime(2026, 5, 1, 14, 0, 0, DateTimeKind.Utc);
        faulty.BeforeNext(StoreVerb.Swap, () => Table.On(store).UpdateIAmAlive(new MembershipEntry { SiloAddress = Table.Silo(1), IAmAliveTime = alive }));
        Assert.True(await table.InsertRow(Table.Entry(2), version.Next()));
        Assert.Equal(alive, (await table.ReadAll()).TryGet(Table.Silo(1))!.Item1.IAmAliveTime);
    }

    [Fact]
    public async Task A_store_that_is_away_for_a_moment_is_waited_for()
    {
        faulty.Next(StoreVerb.Read, Fault.RequestLost, Fault.RequestLost);
        Assert.Empty((await Table.On(faulty).ReadAll()).Members);
        Assert.Equal(3, faulty.Count(StoreVerb.Read));
    }

    [Fact]
    public async Task A_store_that_stays_away_is_an_error_that_says_what_and_where()
    {
        var table = Table.On(faulty, patience: TimeSpan.FromMilliseconds(50));
        faulty.Always = _ => Fault.RequestLost;
        var error = await Assert.ThrowsAsync<OrleansException>(table.ReadAll);
        Assert.Contains($"The membership of cluster '{Table.Cluster}' (store memory:, object {Table.Key}) can't be read now", error.Message, StringComparison.Ordinal);
        Assert.Contains("The connection broke.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_goes_away_after_a_write_leaves_it_in_doubt()
    {
        var table = Table.On(faulty, patience: TimeSpan.FromMilliseconds(50));
        var version = (await table.ReadAll()).Version;
        faulty.BeforeNext(StoreVerb.Swap, () => Task.FromResult(faulty.Always = _ => Fault.RequestLost), Fault.ReplyLost);
        var error = await Assert.ThrowsAsync<OrleansException>(() => table.InsertRow(Table.Entry(1), version.Next()));
        Assert.Contains("may or may not have been changed", error.Message, StringComparison.Ordinal);
        Assert.Single((await Table.On(store).ReadAll()).Members);
    }

    /// <summary>However long the answer to a write took: what became of it is looked for before an error is told.</summary>
    [Fact]
    public async Task A_write_whose_answer_took_longer_than_patience_is_looked_for()
    {
        var table = Table.On(faulty, patience: TimeSpan.FromMilliseconds(1));
        var version = (await table.ReadAll()).Version;
        faulty.BeforeNext(StoreVerb.Swap, () => Task.Delay(50), Fault.ReplyLost);
        Assert.True(await table.InsertRow(Table.Entry(1), version.Next()));
    }

    [Fact]
    public async Task What_the_store_refuses_is_said_at_once_and_has_changed_nothing()
    {
        faulty.Next(StoreVerb.Swap, Fault.Denied);
        var error = await Assert.ThrowsAsync<OrleansException>(() => Table.On(faulty).InsertAsync(Table.Entry(1)));
        Assert.Contains("was not changed. No permission.", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, faulty.Count(StoreVerb.Swap));
    }

    /// <summary>A 409 may be the answer to the twin of a write that was applied, or will be.</summary>
    [Fact]
    public async Task A_store_that_is_busy_for_too_long_leaves_a_write_in_doubt()
    {
        faulty.Always = request => request.Verb == StoreVerb.Swap ? Fault.Busy : Fault.None;
        var error = await Assert.ThrowsAsync<OrleansException>(() => Table.On(faulty, patience: TimeSpan.FromMilliseconds(50)).InsertAsync(Table.Entry(1)));
        Assert.Contains("may or may not have been changed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_is_refused_after_a_conflict_is_in_doubt()
    {
        faulty.Next(StoreVerb.Swap, Fault.Busy, Fault.Denied);
        var error = await Assert.ThrowsAsync<OrleansException>(() => Table.On(faulty).InsertAsync(Table.Entry(1)));
        Assert.Contains("may or may not have been changed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_to_which_others_always_are_faster_has_changed_nothing()
    {
        await Table.On(store).InsertAsync(Table.Entry(1));
        int minutes = 0;
        faulty.Before = request => request.Verb != StoreVerb.Swap
            ? Task.CompletedTask
            : Table.On(store).UpdateIAmAlive(new MembershipEntry { SiloAddress = Table.Silo(1), IAmAliveTime = DateTime.UnixEpoch.AddMinutes(minutes++) });
        var error = await Assert.ThrowsAsync<OrleansException>(() => Table.On(faulty, patience: TimeSpan.FromMilliseconds(100)).InsertAsync(Table.Entry(2)));
        Assert.Contains("others were faster or the store was busy. It was not changed", error.Message, StringComparison.Ordinal);
        Assert.True(minutes > 1);
        Assert.Equal(["silo 1"], await Table.On(store).NamesAsync());
    }

    /// <summary>Silos on a bad network. Each knows what it has written, and the table knows nothing else.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task What_was_said_to_be_written_was_and_what_was_said_to_have_failed_was_not(ulong seed)
    {
        const int silos = 5;
        var rates = new FaultRates { Busy = 0.05, ReplyLost = 0.1, RequestLost = 0.05, Late = 0.1, Echo = 0.1 };
        var time = new VirtualTime();
        using var pump = new TimePump(time);
        var shared = new MemoryStore(time);
        FaultyStore[] ways = [.. Enumerable.Range(0, silos).Select(i => new FaultyStore(shared, time, (seed * 100) + (ulong)i) { Rates = rates })];
        var written = new ConcurrentBag<int>();
        var doubtful = new ConcurrentBag<int>();
        await Task.WhenAll(ways.Select(async (way, i) =>
        {
            var table = Table.On(way, time: time, seed: (seed * 1000) + (ulong)i);
            for (int row = 0; row < 8; row++)
            {
                int number = (i * 8) + row;
                try
                {
                    if (await table.InsertAsync(Table.Entry(number)))
                    {
                        written.Add(number);
                    }
                }
                catch (OrleansException)
                {
                    doubtful.Add(number);
                }
            }
        }));
        foreach (var way in ways)
        {
            await way.SettleAsync();
        }

        var data = await Table.On(shared).ReadAll();
        var found = Enumerable.Range(0, silos * 8).Where(number => data.TryGet(Table.Silo(number)) is not null).ToArray();
        Assert.Equal(written.Order(), found.Except(doubtful));
        Assert.Equal(data.Members.Count, data.Version.Version);
        Assert.NotEmpty(written);
    }

    private async Task UpdateAsync(int times)
    {
        var table = Table.On(store);
        for (int i = 0; i < times; i++)
        {
            Assert.True(await table.UpdateAsync(1, i % 2 == 0 ? SiloStatus.Active : SiloStatus.Joining));
        }
    }

    /// <summary>Between the first attempt of a write, which begins with a read, and the look for what became of it.</summary>
    private void AfterNextSwap(Func<Task> happens)
    {
        faulty.Next(StoreVerb.Read, Fault.None);
        faulty.BeforeNext(StoreVerb.Read, happens);
    }

    private static Fault FaultOf(string name) => name == "Late" ? Fault.LateBy(2) : new Fault(Enum.Parse<FaultKind>(name));
}
