namespace OrleansSqlite.Stores;

/// <summary>
/// An object store that can write on a condition. It is the only arbiter between writers, so every
/// implementation must pass the conformance suite, and the probe checks the same at start.
/// </summary>
/// <remarks>
/// Keys are relative to the store's root: parts of the characters <c>a-z A-Z 0-9 . _ -</c> with <c>/</c> between them, none of which is
/// <c>.</c> or <c>..</c>, 255 characters each and 800 in all. No key is also a folder of others. A key that breaks these rules is a bug
/// of the caller, an <see cref="ArgumentException"/>. Every failure of the store is a <see cref="StoreException"/>. Content is the
/// caller's to change again once a call has ended; what a read gave never changes. All members may be called concurrently.
/// </remarks>
public interface IObjectStore : IAsyncDisposable
{
    /// <summary>The store as its URL, without credentials: for messages and logs.</summary>
    string Url { get; }

    /// <summary>Reads a whole object, or learns that it is still the one that the caller has.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="unless">The tag of the copy that the caller has, if any: then <see cref="ReadAnswer.NotModified"/> is possible.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="StoreException">The store could not be read.</exception>
    ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation);

    /// <summary>Reads a range of an immutable object. The answer has exactly <paramref name="length"/> bytes, or it is an error.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="offset">Where the range starts, in bytes.</param>
    /// <param name="length">The range's length in bytes, at least 1.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="StoreException">The store could not be read; <see cref="StoreFailure.Missing"/> if there is no such object;
    /// <see cref="StoreFailure.Truncated"/> if the object ends before the range does.</exception>
    ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation);

    /// <summary>
    /// Writes an object whose key nobody else writes (its name is random), or whose content is advisory.
    /// Durable when it returns. May be repeated by the implementation: the same bytes land on the same key.
    /// Never used for a head: some stores lose an unconditional write that races a conditional one.
    /// </summary>
    /// <exception cref="StoreException">The object may or may not have been written.</exception>
    ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation);

    /// <summary>
    /// Replaces an object if it is still the one with the tag <paramref name="expected"/>, or creates it if there is none
    /// (<paramref name="expected"/> is null). Atomic, and durable when the answer is <see cref="SwapAnswer.Done"/>.
    /// Sent once: an implementation never repeats it by itself.
    /// </summary>
    /// <exception cref="StoreException">The answer is not known: the swap may have been applied, or may still be.</exception>
    /// <exception cref="OperationCanceledException">The caller did not wait for the answer: it is not known either.</exception>
    ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation);

    /// <summary>Deletes an object. Deleting what is not there is no error. Never used for a head.</summary>
    /// <exception cref="StoreException">The object may or may not have been deleted.</exception>
    ValueTask DeleteAsync(string key, CancellationToken cancellation);

    /// <summary>Deletes objects, in as few requests as the store allows. Otherwise like <see cref="DeleteAsync"/>.</summary>
    /// <exception cref="StoreException">Some may have been deleted, others not.</exception>
    async ValueTask DeleteManyAsync(IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(keys);
        await Parallel.ForEachAsync(
            keys, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellation }, DeleteAsync).ConfigureAwait(false);
    }

    /// <summary>The objects whose key starts with <paramref name="prefix"/>, in the order of their keys. Never on a commit or read path.</summary>
    /// <exception cref="StoreException">The store could not be listed.</exception>
    IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>
    /// The distinct first parts of keys below <paramref name="prefix"/> (which is empty or ends with <c>/</c>), without the slash:
    /// the folders of a prefix, in the order of the keys in them.
    /// </summary>
    /// <exception cref="StoreException">The store could not be listed.</exception>
    IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation);
}

/// <summary>A store's opaque token for one state of an object. Never parsed, only handed back and compared for equality.</summary>
/// <param name="Value">The token as the store gave it.</param>
public readonly record struct ETag(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>An object in a listing.</summary>
/// <param name="Key">Its key, relative to the store's root.</param>
/// <param name="Bytes">Its size in bytes.</param>
/// <param name="Modified">When it was written, by the store's own clock.</param>
public readonly record struct ObjectInfo(string Key, long Bytes, DateTimeOffset Modified);

/// <summary>What a read of a whole object found.</summary>
public enum ReadAnswer
{
    /// <summary>The object, with its content and tag.</summary>
    Found,

    /// <summary>The object is still the one that the caller has (HTTP 304).</summary>
    NotModified,

    /// <summary>There is no such object (HTTP 404).</summary>
    Missing,
}

/// <summary>The result of <see cref="IObjectStore.ReadAsync"/>.</summary>
/// <param name="Answer">What was found.</param>
/// <param name="Content">The object's bytes, if <see cref="ReadAnswer.Found"/>.</param>
/// <param name="Tag">The object's tag, if <see cref="ReadAnswer.Found"/>.</param>
/// <param name="Modified">When the object was written, by the store's own clock, if the store says so.</param>
/// <param name="Now">The store's clock at the answer, if the store says so.</param>
public readonly record struct ReadResult(
    ReadAnswer Answer, ReadOnlyMemory<byte> Content, ETag Tag, DateTimeOffset? Modified = null, DateTimeOffset? Now = null)
{
    /// <summary>There is no such object.</summary>
    public static ReadResult Missing => new(ReadAnswer.Missing, default, default);

    /// <summary>The caller's copy is current.</summary>
    public static ReadResult NotModified => new(ReadAnswer.NotModified, default, default);
}

/// <summary>The answers of a swap. Each means something else and is handled as such; an unknown one is a <see cref="StoreException"/>.</summary>
public enum SwapAnswer
{
    /// <summary>Applied (HTTP 200): the object is now the caller's, with the returned tag.</summary>
    Done,

    /// <summary>Somebody else was first, or the caller's own twin was (HTTP 412).</summary>
    Lost,

    /// <summary>Not applied, for a passing reason: a conflicting request was under way (HTTP 409). The same may be sent again.</summary>
    Busy,

    /// <summary>Not applied: the object to replace is gone (HTTP 404). Some stores say <see cref="Lost"/> in this case too.</summary>
    Gone,
}

/// <summary>The result of <see cref="IObjectStore.SwapAsync"/>.</summary>
/// <param name="Answer">What the store said.</param>
/// <param name="Tag">The new object's tag, if <see cref="SwapAnswer.Done"/>.</param>
public readonly record struct SwapResult(SwapAnswer Answer, ETag Tag)
{
    /// <summary>Somebody was first.</summary>
    public static SwapResult Lost => new(SwapAnswer.Lost, default);

    /// <summary>A conflicting request was under way.</summary>
    public static SwapResult Busy => new(SwapAnswer.Busy, default);

    /// <summary>The object is gone.</summary>
    public static SwapResult Gone => new(SwapAnswer.Gone, default);

    /// <summary>Applied.</summary>
    public static SwapResult Done(ETag tag) => new(SwapAnswer.Done, tag);
}
