using Orleans.Runtime;
using Orleans.Storage;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.GrainState;

/// <summary>Answers of the store that don't arrive, or don't say what happened.</summary>
public sealed class GrainStorageDoubtTests : IAsyncDisposable
{
    private readonly MemoryStore store = new();
    private readonly FaultyStore faulty;

    public GrainStorageDoubtTests() => faulty = new FaultyStore(store);

    public static TheoryData<string> Faults => ["Busy", "BusyTwin", "Refused", "ReplyLost", "RequestLost", "Echo", "Late"];

    public ValueTask DisposeAsync() => store.DisposeAsync();

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_state_is_written_whatever_the_answer(string fault)
    {
        var storage = States.On(faulty);
        var state = States.New();
        foreach (string text in (string[])["first", "second", "third"])
        {
            faulty.Next(StoreVerb.Swap, FaultOf(fault));
            await storage.WriteAsync("1", state, text);
            await faulty.SettleAsync();
            var read = await States.On(store).ReadAsync("1");
            Assert.Equal((text, state.ETag), (read.State!.Text, read.ETag));
        }

        faulty.Next(StoreVerb.Swap, FaultOf(fault));
        await storage.ClearAsync("1", state);
        await faulty.SettleAsync();
        var cleared = await States.On(store).ReadAsync("1");
        Assert.Equal((false, state.ETag), (cleared.RecordExists, cleared.ETag));
    }

    /// <summary>Whether the write was made for a while can't be seen any more, so the error must not say that it was not.</summary>
    [Theory]
    [InlineData("RequestLost")]
    [InlineData("ReplyLost")]
    [InlineData("BusyTwin")]
    public async Task A_write_that_another_has_followed_or_forestalled_is_refused(string fault)
    {
        var storage = States.On(faulty);
        var state = States.New();
        await storage.WriteAsync("1", state, "first");
        string? stored = null;
        faulty.Next(StoreVerb.Swap, FaultOf(fault));
        faulty.BeforeNext(StoreVerb.Read, async () =>
        {
            var rival = await States.On(store).ReadAsync("1");
            await States.On(store).WriteAsync("1", rival, "rival");
            stored = rival.ETag;
        });
        var error = await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteAsync("1", state, "mine"));
        Assert.Contains("that write is gone, or the other one came after it", error.Message, StringComparison.Ordinal);
        Assert.Equal(stored, error.StoredEtag);
        Assert.Equal("rival", (await storage.ReadAsync("1")).State!.Text);
    }

    /// <summary>A 409 may be the answer to the twin of a write that was applied, or will be: the refusal behind it settles nothing.</summary>
    [Fact]
    public async Task A_write_that_is_refused_after_a_conflict_is_in_doubt()
    {
        faulty.Next(StoreVerb.Swap, Fault.Busy, Fault.Denied);
        var error = await Assert.ThrowsAsync<OrleansException>(() => States.On(faulty).WriteAsync("1", States.New(), "first"));
        Assert.Contains("may or may not have been written", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_whose_answer_took_longer_than_patience_is_looked_for()
    {
        var storage = States.On(faulty, patience: TimeSpan.FromMilliseconds(1));
        faulty.BeforeNext(StoreVerb.Swap, () => Task.Delay(50), Fault.ReplyLost);
        var state = States.New();
        await storage.WriteAsync("1", state, "first");
        Assert.Equal(state.ETag, (await States.On(store).ReadAsync("1")).ETag);
    }

    [Fact]
    public async Task A_store_that_goes_away_after_a_write_leaves_it_in_doubt()
    {
        var storage = States.On(faulty, patience: TimeSpan.FromMilliseconds(50));
        var state = States.New();
        faulty.BeforeNext(StoreVerb.Swap, () => Task.FromResult(faulty.Always = _ => Fault.RequestLost), Fault.ReplyLost);
        var error = await Assert.ThrowsAsync<OrleansException>(() => storage.WriteAsync("1", state, "first"));
        Assert.Contains("The state 'state' of grain note/1 (store memory:, object _grains/_53ervice/state/note/1) may or may not have been written", error.Message, StringComparison.Ordinal);
        Assert.Equal((null, false), (state.ETag, state.RecordExists));
        await Assert.ThrowsAsync<OrleansException>(() => storage.ReadAsync("1"));
    }

    [Fact]
    public async Task What_the_store_refuses_is_said_at_once_and_has_changed_nothing()
    {
        faulty.Next(StoreVerb.Swap, Fault.Denied);
        var error = await Assert.ThrowsAsync<OrleansException>(() => States.On(faulty).WriteAsync("1", States.New(), "first"));
        Assert.Contains("was not written. No permission.", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, faulty.Count(StoreVerb.Swap));
    }

    [Theory]
    [InlineData("Busy", "may or may not have been written")]
    [InlineData("Refused", "was not written: the store was busy for too long")]
    public async Task A_store_that_takes_nothing_for_too_long_is_told_from_one_that_may_have(string fault, string message)
    {
        faulty.Always = request => request.Verb == StoreVerb.Swap ? FaultOf(fault) : Fault.None;
        var error = await Assert.ThrowsAsync<OrleansException>(() => States.On(faulty, patience: TimeSpan.FromMilliseconds(50)).WriteAsync("1", States.New(), "first"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_wrong_bit_and_any_missing_end_is_a_clear_error()
    {
        await States.On(store).WriteAsync("1", States.New(), "first");
        const string key = "_grains/_53ervice/state/note/1";
        byte[] content = (await store.ReadAsync(key, null, CancellationToken.None)).Content.ToArray();
        for (int bit = 0; bit < content.Length * 8; bit++)
        {
            byte[] damaged = [.. content];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            await AssertDamagedAsync(damaged);
        }

        for (int length = 0; length < content.Length; length++)
        {
            await AssertDamagedAsync(content[..length]);
        }

        async Task AssertDamagedAsync(byte[] damaged)
        {
            await store.WriteAsync(key, damaged, CancellationToken.None);
            var error = await Assert.ThrowsAsync<OrleansException>(() => States.On(store).ReadAsync("1"));
            Assert.Contains($"object {key}) can't be understood", error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Stored states outlive the version that wrote them, so their form is not to change unnoticed.</summary>
    [Fact]
    public async Task The_format_is_this()
    {
        var storage = States.On(store, seed: 1);
        var state = States.New();
        await storage.WriteAsync("1", state, "first");
        await storage.ClearAsync("1", state);
        byte[] content = (await store.ReadAsync("_grains/_53ervice/state/note/1", null, CancellationToken.None)).Content.ToArray();
        Assert.Equal("4F535147" + "01" + "00" + "0000", Convert.ToHexString(content[..8]));
        Assert.Equal(28, content.Length);
    }

    private static Fault FaultOf(string name) => name == "Late" ? Fault.LateBy(2) : new Fault(Enum.Parse<FaultKind>(name));
}
