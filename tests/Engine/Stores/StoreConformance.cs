using System.Text;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>
/// The promises of <see cref="IObjectStore"/> to one caller at a time. <see cref="StoreListings"/> adds those about listings,
/// <see cref="StoreRaces"/> those to many who come at once; each store has a subclass.
/// </summary>
public abstract class StoreConformance : IAsyncLifetime
{
    protected static readonly CancellationToken None = CancellationToken.None;

    private IObjectStore? store;

    protected IObjectStore Store => store!;

    public async Task InitializeAsync() => store = await OpenAsync();

    public virtual async Task DisposeAsync() => await Store.DisposeAsync();

    [StoreFact]
    public async Task A_missing_object_is_missing()
    {
        Assert.Equal(ReadAnswer.Missing, (await Store.ReadAsync("db/head", null, None)).Answer);
        Assert.Equal(ReadAnswer.Missing, (await Store.ReadAsync("db/head", new ETag("0123456789abcdef0123456789abcdef"), None)).Answer);
        StoreException error = await Assert.ThrowsAsync<StoreException>(async () => await Store.ReadRangeAsync("db/head", 0, 1, None));
        Assert.Equal(StoreFailure.Missing, error.Failure);
        Assert.Equal("db/head", error.Key);
        Assert.Equal(Store.Url, error.Store);
    }

    [StoreFact]
    public async Task What_was_created_is_read_back_with_its_tag_and_time()
    {
        DateTimeOffset before = DateTimeOffset.UtcNow;
        SwapResult created = await Store.SwapAsync("db/head", Bytes("one"), null, None);
        Assert.Equal(SwapAnswer.Done, created.Answer);
        ReadResult read = await Store.ReadAsync("db/head", null, None);
        Assert.Equal(ReadAnswer.Found, read.Answer);
        Assert.Equal("one", Text(read));
        Assert.Equal(created.Tag, read.Tag);
        Assert.NotEqual("", read.Tag.Value);

        // HTTP's dates are whole seconds.
        Assert.InRange(read.Modified!.Value, before.AddSeconds(-2), DateTimeOffset.UtcNow.AddSeconds(2));
        Assert.InRange(read.Now!.Value, before.AddSeconds(-2), DateTimeOffset.UtcNow.AddSeconds(2));
    }

    [StoreFact]
    public async Task Nothing_is_created_twice()
    {
        await Store.SwapAsync("db/head", Bytes("one"), null, None);
        Assert.Equal(SwapResult.Lost, await Store.SwapAsync("db/head", Bytes("two"), null, None));
        Assert.Equal(SwapResult.Lost, await Store.SwapAsync("db/head", Bytes("one"), null, None));
        Assert.Equal("one", Text(await Store.ReadAsync("db/head", null, None)));
    }

    [StoreFact]
    public async Task A_swap_needs_the_current_tag()
    {
        ETag first = (await Store.SwapAsync("db/head", Bytes("one"), null, None)).Tag;
        SwapResult swapped = await SwapAsync("db/head", "two", first);
        Assert.Equal(SwapAnswer.Done, swapped.Answer);
        Assert.NotEqual(first, swapped.Tag);
        Assert.Equal(swapped.Tag, (await Store.ReadAsync("db/head", null, None)).Tag);

        string tag = swapped.Tag.Value;
        ETag wrongAtEnd = new(tag[..^1] + (tag[^1] == '0' ? '1' : '0'));
        foreach (ETag wrong in (ETag[])[first, wrongAtEnd, new("0123456789abcdef0123456789abcdef")])
        {
            Assert.Equal(SwapResult.Lost, await Store.SwapAsync("db/head", Bytes("three"), wrong, None));
        }

        Assert.Equal("two", Text(await Store.ReadAsync("db/head", null, None)));
    }

    [StoreFact]
    public async Task A_long_chain_of_swaps_goes_through()
    {
        ETag tag = (await Store.SwapAsync("db/head", Bytes("0"), null, None)).Tag;
        for (int i = 1; i <= 50; i++)
        {
            SwapResult result = await SwapAsync("db/head", $"{i}", tag);
            Assert.Equal(SwapAnswer.Done, result.Answer);
            tag = result.Tag;
        }

        Assert.Equal("50", Text(await Store.ReadAsync("db/head", null, None)));
    }

    [StoreFact]
    public async Task A_swap_of_what_is_not_there_creates_nothing()
    {
        ETag other = (await Store.SwapAsync("db/other", Bytes("one"), null, None)).Tag;
        SwapResult result = await Store.SwapAsync("db/head", Bytes("two"), other, None);
        Assert.Contains(result.Answer, new[] { SwapAnswer.Gone, SwapAnswer.Lost });
        Assert.Equal(ReadAnswer.Missing, (await Store.ReadAsync("db/head", null, None)).Answer);
    }

    [StoreFact]
    public async Task A_read_says_whether_the_callers_copy_is_current()
    {
        ETag first = (await Store.SwapAsync("db/head", Bytes("one"), null, None)).Tag;
        Assert.Equal(ReadAnswer.NotModified, (await Store.ReadAsync("db/head", first, None)).Answer);
        ETag second = (await SwapAsync("db/head", "two", first)).Tag;
        ReadResult read = await Store.ReadAsync("db/head", first, None);
        Assert.Equal((ReadAnswer.Found, "two", second), (read.Answer, Text(read), read.Tag));
        read = await Store.ReadAsync("db/head", second, None);
        Assert.Equal((ReadAnswer.NotModified, 0), (read.Answer, read.Content.Length));
    }

    [StoreFact]
    public async Task A_plain_write_replaces_and_its_tag_serves_a_swap()
    {
        await Store.WriteAsync("db/waiting", Bytes("one"), None);
        await Store.WriteAsync("db/waiting", Bytes("two"), None);
        ReadResult read = await Store.ReadAsync("db/waiting", null, None);
        Assert.Equal("two", Text(read));
        Assert.Equal(SwapAnswer.Done, (await SwapAsync("db/waiting", "three", read.Tag)).Answer);
    }

    [StoreFact]
    public async Task A_range_is_exact_or_an_error()
    {
        await Store.WriteAsync("db/segments/a", Bytes("0123456789"), None);
        Assert.Equal("0", await RangeAsync(0, 1));
        Assert.Equal("345", await RangeAsync(3, 3));
        Assert.Equal("9", await RangeAsync(9, 1));
        Assert.Equal("0123456789", await RangeAsync(0, 10));
        foreach ((long offset, int length) in ((long, int)[])[(0, 11), (9, 2), (10, 1), (5_000_000_000, 1), (3, int.MaxValue)])
        {
            StoreException error = await Assert.ThrowsAsync<StoreException>(() => RangeAsync(offset, length));
            Assert.Equal(StoreFailure.Truncated, error.Failure);
        }

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => RangeAsync(-1, 1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => RangeAsync(0, 0));

        async Task<string> RangeAsync(long offset, int length) =>
            Encoding.ASCII.GetString((await Store.ReadRangeAsync("db/segments/a", offset, length, None)).Span);
    }

    [StoreFact]
    public async Task An_empty_object_is_an_object()
    {
        ETag empty = (await Store.SwapAsync("db/head", default, null, None)).Tag;
        ReadResult read = await Store.ReadAsync("db/head", null, None);
        Assert.Equal((ReadAnswer.Found, 0, empty), (read.Answer, read.Content.Length, read.Tag));
        Assert.Equal(SwapResult.Lost, await Store.SwapAsync("db/head", default, null, None));
        Assert.Equal(StoreFailure.Truncated, (await Assert.ThrowsAsync<StoreException>(async () => await Store.ReadRangeAsync("db/head", 0, 1, None))).Failure);
        Assert.Equal(0, Assert.Single(await ListAsync("db/")).Bytes);
        Assert.Equal(SwapAnswer.Done, (await SwapAsync("db/head", "one", empty)).Answer);
    }

    [StoreFact]
    public async Task Twenty_megabytes_go_there_and_back()
    {
        byte[] big = new byte[20 << 20];
        new Random(1).NextBytes(big);
        await Store.WriteAsync("db/segments/big", big, None);
        Assert.True((await Store.ReadAsync("db/segments/big", null, None)).Content.Span.SequenceEqual(big));
        Assert.True((await Store.ReadRangeAsync("db/segments/big", 11_111_111, 3_333_333, None)).Span.SequenceEqual(big.AsSpan(11_111_111, 3_333_333)));

        ETag tag = (await Store.SwapAsync("db/head", big, null, None)).Tag;
        big[^1] ^= 1;
        ReadOnlyMemory<byte> changed = big;
        Assert.Equal(SwapAnswer.Done, (await SwapAsync("db/head", changed, tag)).Answer);
        Assert.True((await Store.ReadAsync("db/head", null, None)).Content.Span.SequenceEqual(big));
    }

    [StoreFact]
    public async Task Buffers_belong_to_the_caller_again_after_the_call()
    {
        // Not at the start of its array, to see that slices are taken as such.
        byte[] buffer = Encoding.ASCII.GetBytes("..one..");
        await Store.WriteAsync("db/a", buffer.AsMemory(2, 3), None);
        ETag tag = (await Store.SwapAsync("db/head", buffer.AsMemory(2, 3), null, None)).Tag;
        ReadResult before = await Store.ReadAsync("db/head", null, None);
        Array.Fill(buffer, (byte)'x');
        Assert.Equal("one", Text(await Store.ReadAsync("db/a", null, None)));
        await SwapAsync("db/head", "two", tag);
        Assert.Equal("one", Text(before));
    }

    [StoreFact]
    public async Task Deleting_is_final_and_deleting_nothing_is_no_error()
    {
        await Store.WriteAsync("db/a", Bytes("one"), None);
        await Store.DeleteAsync("db/a", None);
        await Store.DeleteAsync("db/a", None);
        await Store.DeleteAsync("never/was", None);
        Assert.Equal(ReadAnswer.Missing, (await Store.ReadAsync("db/a", null, None)).Answer);
        Assert.Empty(await ListAsync(""));
        Assert.Equal(SwapAnswer.Done, (await Store.SwapAsync("db/a", Bytes("two"), null, None)).Answer);
    }

    [StoreFact]
    public async Task Many_are_deleted_at_once_and_no_others()
    {
        string[] there = [.. Enumerable.Range(0, 1100).Select(i => $"db/segments/{i:D4}")];
        await Parallel.ForEachAsync(there, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (key, token) => await Store.WriteAsync(key, Bytes("x"), token));
        string[] spared = ["db/segments/0000", "db/segments/1099"];
        await Store.DeleteManyAsync([], None);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.DeleteManyAsync(["../escape"], None));
        Assert.Equal(1100, (await ListAsync("db/")).Length);
        await Store.DeleteManyAsync([.. there.Except(spared), "db/segments/never-was"], None);
        Assert.Equal(spared, (await ListAsync("db/")).Select(static one => one.Key));
    }

    [StoreFact]
    public async Task A_key_is_a_plain_path_or_it_is_refused()
    {
        string[] bad =
        [
            "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "a/../../etc/passwd", "a b", "a\\b", "a\0", "ä", "a%2e", "a:b", "a*",
            ".orleans-sqlite/temp/x", new string('a', 256), string.Join('/', Enumerable.Repeat("aaaa", 200)),
        ];
        foreach (string key in bad)
        {
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.ReadAsync(key, null, None));
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.ReadRangeAsync(key, 0, 1, None));
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.WriteAsync(key, default, None));
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.SwapAsync(key, default, null, None));
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.DeleteAsync(key, None));
        }

        await Assert.ThrowsAsync<ArgumentException>(() => ListAsync("../"));
        await Assert.ThrowsAsync<ArgumentException>(() => FoldersAsync("a"));

        string longest = $"{new string('A', 255)}/z.9_-/{new string('b', 255)}";
        await Store.WriteAsync(longest, Bytes("x"), None);
        Assert.Equal(longest, Assert.Single(await ListAsync("")).Key);
    }

    [StoreFact]
    public async Task A_call_that_was_cancelled_before_it_began_has_no_effect()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.SwapAsync("db/head", Bytes("one"), null, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.WriteAsync("db/a", Bytes("one"), cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ReadAsync("db/a", null, cancelled.Token));
        Assert.Empty(await ListAsync(""));
    }

    [StoreFact]
    public async Task The_probe_accepts_the_store_and_leaves_nothing_behind()
    {
        var counted = new CountingStore(Store);
        await StoreProbe.RunAsync(counted, TimeProvider.System, Entropy.System);
        Assert.InRange(counted.Counts.Requests, 10, 22);
        Assert.Empty(await ListAsync(""));
    }

    /// <summary>An empty store.</summary>
    protected abstract Task<IObjectStore> OpenAsync();

    protected static ReadOnlyMemory<byte> Bytes(string text) => Encoding.ASCII.GetBytes(text);

    protected static string Text(ReadResult read) => Encoding.ASCII.GetString(read.Content.Span);

    protected ValueTask<SwapResult> SwapAsync(string key, string text, ETag expected) => SwapAsync(key, Bytes(text), expected);

    /// <summary>A swap as the engine makes it: an answer of "busy" is followed by the same again.</summary>
    protected async ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected)
    {
        SwapResult result;
        do
        {
            result = await Store.SwapAsync(key, content, expected, None);
        }
        while (result.Answer == SwapAnswer.Busy);
        return result;
    }

    protected async Task<ObjectInfo[]> ListAsync(string prefix) => [.. await Store.ListAsync(prefix, None).ToArrayAsync()];

    protected async Task<string[]> FoldersAsync(string prefix) => await Store.ListFoldersAsync(prefix, None).ToArrayAsync();
}
