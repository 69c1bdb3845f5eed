using System.Runtime.CompilerServices;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Simulation.Store;

/// <summary>The way of one process to the bucket, as the S3 client presents it to the engine.</summary>
internal sealed class S3Connection(Link link, Bucket bucket) : IObjectStore
{
    private const int ReadAttempts = 3;

    /// <inheritdoc/>
    public string Url => Link.Url;

    /// <summary>Nothing gets through any more, and whoever still waits is told so.</summary>
    public void Close() => link.Close();

    /// <inheritdoc/>
    public ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation) =>
        SendAsync<ReadResult, ReadResult>(Verb.Get, key, answer => answer(bucket.Read(key, unless)), (result, fate) => result with { Content = Spoil(result.Content, fate) }, cancellation);

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation) =>
        SendAsync<byte[]?, ReadOnlyMemory<byte>>(
            Verb.Range,
            key,
            answer => answer(bucket.Find(key)?.Content),
            (content, fate) =>
                content is null ? throw StoreErrors.Missing(Url, key)
                : fate == Fate.Truncated || content.Length < offset + length ? throw StoreErrors.Truncated(Url, key, offset, length, content.Length)
                : Spoil(content.AsMemory((int)offset, length), fate),
            cancellation);

    /// <inheritdoc/>
    public async ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        byte[] copy = content.ToArray();
        await SendAsync<bool, bool>(
            Verb.Put,
            key,
            answer =>
            {
                bucket.Write(key, copy);
                answer(true);
            },
            static (done, _) => done,
            cancellation);
    }

    /// <inheritdoc/>
    public ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
    {
        byte[] copy = content.ToArray();
        return SendAsync<SwapResult, SwapResult>(Verb.Swap, key, answer => bucket.Swap(key, copy, expected, answer), static (result, _) => result, cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string key, CancellationToken cancellation) =>
        await SendAsync<bool, bool>(
            Verb.Delete,
            key,
            answer =>
            {
                bucket.Delete(key);
                answer(true);
            },
            static (done, _) => done,
            cancellation);

    /// <inheritdoc/>
    public async ValueTask DeleteManyAsync(IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        string[] all = [.. keys];
        await SendAsync<bool, bool>(
            Verb.Delete,
            all[0],
            answer =>
            {
                Array.ForEach(all, bucket.Delete);
                answer(true);
            },
            static (done, _) => done,
            cancellation);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var all = await SendAsync<ObjectInfo[], ObjectInfo[]>(
            Verb.List,
            prefix,
            answer => answer(bucket.Objects.Where(one => one.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(one => new ObjectInfo(one.Key, one.Value.Content.Length, one.Value.Modified)).ToArray()),
            static (found, _) => found,
            cancellation);
        foreach (var one in all)
        {
            yield return one;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListFoldersAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string last = "";
        await foreach (var one in ListAsync(prefix, cancellation))
        {
            int slash = one.Key.IndexOf('/', prefix.Length);
            if (slash >= 0 && one.Key[prefix.Length..slash] is var folder && folder != last)
            {
                last = folder;
                yield return folder;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<T> SendAsync<TRaw, T>(
        Verb verb, string key, Action<Action<TRaw>> serve, Func<TRaw, Fate, T> receive, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (answer, fate) = await new Request<TRaw>(link, verb, key, serve).SendAsync(cancellation);
            if (fate is not (Fate.SlowDown or Fate.Failed or Fate.FailedAfterwards))
            {
                return receive(answer!, fate);
            }

            // The client repeats what may be repeated, as it was told to: after a while. A swap never.
            if (verb == Verb.Swap || attempt == ReadAttempts)
            {
                throw new StoreException(
                    StoreFailure.Unavailable, Url, key, fate == Fate.SlowDown ? "The store asks to slow down (HTTP 503)." : "The store failed (HTTP 500).");
            }

            await Task.Delay(link.Dice.UpTo(TimeSpan.FromMilliseconds(100 << attempt)), link.Instance.Clock, cancellation);
        }
    }

    private ReadOnlyMemory<byte> Spoil(ReadOnlyMemory<byte> content, Fate fate)
    {
        if (content.IsEmpty || fate is not (Fate.Truncated or Fate.Flipped))
        {
            return content;
        }

        int place = link.Dice.Below(content.Length);
        if (fate == Fate.Truncated)
        {
            return content[..place];
        }

        byte[] spoiled = content.ToArray();
        spoiled[place] ^= (byte)(1 << link.Dice.Below(8));
        return spoiled;
    }
}
