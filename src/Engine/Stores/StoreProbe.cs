using System.Text;

namespace OrleansSqlite.Stores;

/// <summary>
/// Finds out by trying whether a store keeps the promises that databases are built on. One that ignores conditions, or checks
/// them and then writes anyway, would lose commits in silence, so it is refused. Run once when a store is opened for writing.
/// </summary>
public static class StoreProbe
{
    private const int Racers = 4;
    private const int BusyAttempts = 8;
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CleaningTime = TimeSpan.FromSeconds(10);

    /// <summary>Probes the store on two random keys under <c>.probe/</c>, which are deleted again. Eighteen small requests, four of them at once.</summary>
    /// <param name="store">The store.</param>
    /// <param name="time">The clock, for pauses.</param>
    /// <param name="entropy">The source of the keys.</param>
    /// <param name="cancellation">Stops the probe.</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.Unsafe"/> if the store breaks a promise, naming it;
    /// otherwise whatever keeps the store from being used: no access, no bucket, no answer.</exception>
    public static async Task RunAsync(IObjectStore store, TimeProvider time, Entropy entropy, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(entropy);
        string id = entropy.Next128().ToString("x32");
        var run = new Run(store, time, entropy, $".probe/{id}", $".probe/{id}-none", cancellation);
        try
        {
            await run.CheckSwapsAsync().ConfigureAwait(false);
            await run.CheckReadsAsync().ConfigureAwait(false);
            await run.CheckRaceAsync().ConfigureAwait(false);
        }
        finally
        {
            await run.CleanAsync().ConfigureAwait(false);
        }
    }

    private sealed class Run(IObjectStore store, TimeProvider time, Entropy entropy, string key, string missingKey, CancellationToken cancellation)
    {
        private ETag first;
        private ETag tag;
        private byte[] content = [];

        public async Task CheckSwapsAsync()
        {
            byte[] created = Text("created");
            SwapResult result = await SwapAsync(created, null).ConfigureAwait(false);
            Require(result.Answer == SwapAnswer.Done, $"an object that was not there could not be created (answer: {result.Answer})");
            first = result.Tag;

            result = await SwapAsync(Text("created twice"), null).ConfigureAwait(false);
            Require(result.Answer == SwapAnswer.Lost, $"an object that was there was created again (If-None-Match is not honoured; answer: {result.Answer})");

            content = Text("swapped");
            result = await SwapAsync(content, first).ConfigureAwait(false);
            Require(result.Answer == SwapAnswer.Done, $"an object could not be replaced by the one who knows its tag (answer: {result.Answer})");
            tag = result.Tag;
            Require(tag != first, "another content got the same tag");

            await RefuseAsync("a stale tag", first).ConfigureAwait(false);
            await RefuseAsync("a wrong tag that differs from the right one in its last character", WrongAtEnd(tag)).ConfigureAwait(false);

            result = await store.SwapAsync(missingKey, Text("from nothing"), tag, cancellation).ConfigureAwait(false);
            Require(result.Answer is SwapAnswer.Gone or SwapAnswer.Lost, $"an object that was not there was replaced (If-Match; answer: {result.Answer})");
            ReadResult none = await store.ReadAsync(missingKey, null, cancellation).ConfigureAwait(false);
            Require(none.Answer == ReadAnswer.Missing, "a swap of an object that was not there has created it");
        }

        public async Task CheckReadsAsync()
        {
            ReadResult read = await store.ReadAsync(key, null, cancellation).ConfigureAwait(false);
            Require(read.Answer == ReadAnswer.Found && read.Content.Span.SequenceEqual(content), "a read did not see what was written last (a refused swap took effect, or reads are stale)");
            Require(read.Tag == tag, "a read gave another tag than the write did");

            read = await store.ReadAsync(key, first, cancellation).ConfigureAwait(false);
            Require(read.Answer == ReadAnswer.Found && read.Tag == tag, $"a changed object was said to be unchanged (If-None-Match on a read; answer: {read.Answer})");
            read = await store.ReadAsync(key, tag, cancellation).ConfigureAwait(false);
            Require(read.Answer == ReadAnswer.NotModified, $"an unchanged object was not recognized (If-None-Match on a read; answer: {read.Answer})");

            ReadOnlyMemory<byte> range = await store.ReadRangeAsync(key, 3, 5, cancellation).ConfigureAwait(false);
            Require(range.Span.SequenceEqual(content.AsSpan(3, 5)), "a range of an object had other bytes than the object");
        }

        /// <summary>Some stores check the condition and write in two steps. That shows only when several come at once.</summary>
        public async Task CheckRaceAsync()
        {
            ETag expected = tag;
            SwapResult?[] results = await Task.WhenAll(Enumerable.Range(0, Racers).Select(RaceAsync)).ConfigureAwait(false);
            int done = results.Count(result => result is { Answer: SwapAnswer.Done });
            Require(done <= 1, $"{done} of {Racers} swaps that raced from the same tag were applied");
            Require(done == 1 || results.Any(result => result is null or { Answer: SwapAnswer.Busy }), "none of several swaps that raced was applied");

            ReadResult read = await store.ReadAsync(key, null, cancellation).ConfigureAwait(false);
            Require(done == 0 || read.Tag == results.First(result => result is { Answer: SwapAnswer.Done })!.Value.Tag, "a swap was said to be applied, and another one's content was there afterwards");

            async Task<SwapResult?> RaceAsync(int racer)
            {
                // Its own thread of work from the start: a store in memory would otherwise finish before the next one begins.
                await Task.Yield();
                try
                {
                    return await store.SwapAsync(key, Text($"racer {racer}"), expected, cancellation).ConfigureAwait(false);
                }
                catch (StoreException error) when (error.IsTransient)
                {
                    // An unknown outcome. Some stores answer 500 to the loser of a race.
                    return null;
                }
            }
        }

        public async Task CleanAsync()
        {
            using var limit = new CancellationTokenSource(CleaningTime, time);
            foreach (string used in (string[])[key, missingKey])
            {
                try
                {
                    await store.DeleteAsync(used, limit.Token).ConfigureAwait(false);
                }
                catch (Exception error) when (error is StoreException or OperationCanceledException)
                {
                    // A few bytes that stay behind are no reason to refuse a store, nor is the lack of a right to delete.
                }
            }
        }

        private async Task RefuseAsync(string what, ETag tag)
        {
            SwapResult result = await SwapAsync(Text(what), tag).ConfigureAwait(false);
            Require(result.Answer == SwapAnswer.Lost, $"an object was replaced by one who gave {what} (If-Match is not honoured; answer: {result.Answer})");
        }

        private async Task<SwapResult> SwapAsync(byte[] content, ETag? expected)
        {
            for (int attempt = 1; ; attempt++)
            {
                SwapResult result = await store.SwapAsync(key, content, expected, cancellation).ConfigureAwait(false);
                if (result.Answer != SwapAnswer.Busy || attempt == BusyAttempts)
                {
                    return result;
                }

                await Task.Delay(entropy.Jitter(BusyPause), time, cancellation).ConfigureAwait(false);
            }
        }

        // The key is random, so no content of one probe ever equals one of another.
        private byte[] Text(string what) => Encoding.ASCII.GetBytes($"{key}: {what}");

        private static ETag WrongAtEnd(ETag tag) => new(tag.Value[..^1] + (tag.Value[^1] == '0' ? '1' : '0'));

        private void Require(bool holds, string problem)
        {
            if (!holds)
            {
                throw new StoreException(
                    StoreFailure.Unsafe, store.Url, key,
                    $"The store is not safe for databases: {problem}. Use one with conditional writes, and on servers other than AWS a bucket without versioning.");
            }
        }
    }
}
