using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Faults;

/// <summary>The store that the other tests trust to be faulty in just the way they say.</summary>
public sealed class FaultyStoreTests : IAsyncDisposable
{
    private const string Key = "app/head";
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly MemoryStore memory = new();
    private readonly VirtualTime time = new();

    public ValueTask DisposeAsync() => memory.DisposeAsync();

    [Fact]
    public async Task A_lost_reply_hides_a_swap_that_was_applied()
    {
        var store = await StoreAsync(Fault.ReplyLost);
        await BrokenAsync(SwapAsync(store, "new"));
        Assert.Equal("new", await ContentAsync());
    }

    [Fact]
    public async Task A_lost_request_is_not_applied()
    {
        var store = await StoreAsync(Fault.RequestLost);
        await BrokenAsync(SwapAsync(store, "new"));
        Assert.Equal("old", await ContentAsync());
    }

    [Fact]
    public async Task A_late_request_is_applied_after_so_many_others()
    {
        var store = await StoreAsync(Fault.LateBy(2));
        await BrokenAsync(SwapAsync(store, "new"));
        await store.ReadAsync(Key, null, None);
        Assert.Equal("old", await ContentAsync());
        await store.ReadAsync(Key, null, None);
        Assert.Equal("new", await ContentAsync());
    }

    [Fact]
    public async Task A_late_request_is_applied_after_its_time()
    {
        var store = await StoreAsync(Fault.LateBy(TimeSpan.FromSeconds(5)));
        await BrokenAsync(SwapAsync(store, "new"));
        time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal("old", await ContentAsync());
        time.Advance(TimeSpan.FromSeconds(0.2));
        SpinWait.SpinUntil(() => ContentAsync().Result == "new", TimeSpan.FromSeconds(10));
        Assert.Equal("new", await ContentAsync());
    }

    [Fact]
    public async Task A_late_swap_still_has_its_condition()
    {
        var store = await StoreAsync(Fault.LateBy(1));
        await BrokenAsync(SwapAsync(store, "late"));
        await memory.WriteAsync(Key, "rival"u8.ToArray(), None);
        await store.SettleAsync();
        Assert.Equal("rival", await ContentAsync());
    }

    [Fact]
    public async Task An_echo_is_applied_and_answered_as_lost()
    {
        var store = await StoreAsync(Fault.Echo);
        Assert.Equal(SwapAnswer.Lost, (await SwapAsync(store, "new")).Answer);
        Assert.Equal("new", await ContentAsync());
    }

    [Theory]
    [InlineData(FaultKind.Busy, SwapAnswer.Busy)]
    [InlineData(FaultKind.Refused, SwapAnswer.Lost)]
    internal async Task An_answer_may_be_another(FaultKind fault, SwapAnswer answer)
    {
        var store = await StoreAsync(new Fault(fault));
        Assert.Equal(answer, (await SwapAsync(store, "new")).Answer);
        Assert.Equal("old", await ContentAsync());
    }

    [Fact]
    public async Task Bodies_are_cut_or_have_a_wrong_bit()
    {
        var store = await StoreAsync();
        store.Next(StoreVerb.Read, Fault.Truncated, Fault.Flipped);
        Assert.True((await store.ReadAsync(Key, null, None)).Content.Length < 3);
        byte[] flipped = (await store.ReadAsync(Key, null, None)).Content.ToArray();
        int bits = flipped.Zip("old"u8.ToArray(), (left, right) => int.PopCount(left ^ right)).Sum();
        Assert.Equal(1, bits);
        Assert.Equal("old", await ContentAsync());
    }

    [Fact]
    public async Task Rates_are_kept_about()
    {
        var store = await StoreAsync();
        store.Rates = new FaultRates { Busy = 0.1, Echo = 0.1, ReplyLost = 0.1, RequestLost = 0.1 };
        int lost = 0;
        int busy = 0;
        int broken = 0;
        for (int i = 0; i < 2000; i++)
        {
            try
            {
                var answer = (await SwapAsync(store, $"{i}")).Answer;
                lost += answer == SwapAnswer.Lost ? 1 : 0;
                busy += answer == SwapAnswer.Busy ? 1 : 0;
            }
            catch (StoreException)
            {
                broken++;
            }
        }

        Assert.InRange(lost, 140, 260);
        Assert.InRange(busy, 140, 260);
        Assert.InRange(broken, 300, 500);
    }

    [Fact]
    public async Task A_pumped_clock_waits_for_nobody()
    {
        using var pump = new TimePump(time);
        await Task.Delay(TimeSpan.FromHours(3), time).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromHours(3), time.Elapsed);
    }

    private async Task<FaultyStore> StoreAsync(params Fault[] faults)
    {
        await memory.WriteAsync(Key, "old"u8.ToArray(), None);
        var store = new FaultyStore(memory, time);
        store.Next(StoreVerb.Swap, faults);
        return store;
    }

    private async Task<SwapResult> SwapAsync(FaultyStore store, string content)
    {
        var tag = (await memory.ReadAsync(Key, null, None)).Tag;
        return await store.SwapAsync(Key, System.Text.Encoding.UTF8.GetBytes(content), tag, None);
    }

    private async Task<string> ContentAsync() =>
        System.Text.Encoding.UTF8.GetString((await memory.ReadAsync(Key, null, None)).Content.Span);

    private static async Task BrokenAsync(Task request) =>
        Assert.Equal(StoreFailure.Unavailable, (await Assert.ThrowsAsync<StoreException>(() => request)).Failure);
}
