using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace OrleansSqlite.Stores;

/// <summary>
/// A store in this process's memory, for tests, examples and throw-away databases. As strict as S3, and gone with the process.
/// </summary>
public sealed class MemoryStore : IObjectStore
{
    private static readonly ConcurrentDictionary<string, SortedDictionary<string, Item>> Shared = new(StringComparer.Ordinal);

    private readonly SortedDictionary<string, Item> items;
    private readonly TimeProvider time;

    /// <summary>Makes an empty store that nobody else sees, or opens one that is shared by its name within the process.</summary>
    /// <param name="time">The store's clock. Default: the system's.</param>
    /// <param name="name">The name of a shared store, whose content lasts as long as the process. Default: a private store.</param>
    public MemoryStore(TimeProvider? time = null, string? name = null)
    {
        this.time = time ?? TimeProvider.System;
        items = string.IsNullOrEmpty(name) ? Empty() : Shared.GetOrAdd(name, static _ => Empty());
        Url = $"memory:{name}";
    }

    /// <inheritdoc/>
    public string Url { get; }

    /// <inheritdoc/>
    public ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        cancellation.ThrowIfCancellationRequested();
        DateTimeOffset now = time.GetUtcNow();
        if (Find(key) is not { } item)
        {
            return ValueTask.FromResult(ReadResult.Missing with { Now = now });
        }

        return ValueTask.FromResult(unless == item.Tag
            ? ReadResult.NotModified with { Modified = item.Modified, Now = now }
            : new ReadResult(ReadAnswer.Found, item.Content, item.Tag, item.Modified, now));
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        cancellation.ThrowIfCancellationRequested();
        Item item = Find(key) ?? throw StoreErrors.Missing(Url, key);
        return item.Content.Length - offset < length
            ? throw StoreErrors.Truncated(Url, key, offset, length, item.Content.Length)
            : ValueTask.FromResult<ReadOnlyMemory<byte>>(item.Content.AsMemory((int)offset, length));
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        cancellation.ThrowIfCancellationRequested();
        var item = new Item(content, time.GetUtcNow());
        lock (items)
        {
            items[key] = item;
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        cancellation.ThrowIfCancellationRequested();
        var item = new Item(content, time.GetUtcNow());
        lock (items)
        {
            bool exists = items.TryGetValue(key, out Item? current);
            if (expected is null ? exists : exists && current!.Tag != expected)
            {
                return ValueTask.FromResult(SwapResult.Lost);
            }

            if (expected is not null && !exists)
            {
                return ValueTask.FromResult(SwapResult.Gone);
            }

            items[key] = item;
        }

        return ValueTask.FromResult(SwapResult.Done(item.Tag));
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string key, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        cancellation.ThrowIfCancellationRequested();
        lock (items)
        {
            items.Remove(key);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ObjectKey.CheckPrefix(prefix);
        foreach (ObjectInfo info in Snapshot(prefix))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return info;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListFoldersAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ObjectKey.CheckFolder(prefix);
        string? last = null;
        foreach (ObjectInfo info in Snapshot(prefix))
        {
            cancellation.ThrowIfCancellationRequested();
            int slash = info.Key.IndexOf('/', prefix.Length);
            if (slash < 0 || info.Key[prefix.Length..slash] is var folder && folder == last)
            {
                continue;
            }

            last = folder;
            yield return folder;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <summary>Does nothing: a shared store's content belongs to the process, a private one's to the collector of garbage.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static SortedDictionary<string, Item> Empty() => new(StringComparer.Ordinal);

    private Item? Find(string key)
    {
        lock (items)
        {
            return items.GetValueOrDefault(key);
        }
    }

    private List<ObjectInfo> Snapshot(string prefix)
    {
        lock (items)
        {
            return [.. from item in items
                       where item.Key.StartsWith(prefix, StringComparison.Ordinal)
                       select new ObjectInfo(item.Key, item.Value.Content.Length, item.Value.Modified)];
        }
    }

    /// <summary>An object. Its bytes are a copy that nobody writes to, so readers share them.</summary>
    private sealed class Item(ReadOnlyMemory<byte> content, DateTimeOffset modified)
    {
        private string? tag;

        public byte[] Content { get; } = content.ToArray();

        public DateTimeOffset Modified { get; } = modified;

        // Made when it is first asked for: most segments never are. Two threads that make it at once make the same.
        public ETag Tag => new(tag ??= ContentTag.Of(Content).Value);
    }
}
