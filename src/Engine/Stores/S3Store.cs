using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace OrleansSqlite.Stores;

/// <summary>
/// A store in a bucket of S3 or a compatible server that can do conditional writes. <see cref="StoreProbe"/> tells whether it can.
/// </summary>
public sealed class S3Store : IObjectStore
{
    private readonly string bucket;
    private readonly string root;
    private readonly S3Options options;
    private readonly TimeProvider time;
    private readonly Entropy entropy;
    private readonly HttpClient http;
    private readonly AmazonS3Client client;
    private readonly AmazonS3Client swapClient;
    private readonly S3Requests requests;
    private readonly S3Listing listing;
    private readonly TagForm tagForm = new();

    /// <summary>Opens the store. No request is made yet.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">What all keys in the bucket start with: parts with slashes between them, or nothing.</param>
    /// <param name="options">Settings. Default: those of the environment.</param>
    /// <param name="time">The clock, for timeouts. Default: the system's.</param>
    /// <param name="entropy">The source of random pauses. Default: the system's.</param>
    /// <param name="credentials">Who asks. Default: as the AWS SDKs find it (environment, profile, web identity, container, instance).</param>
    /// <exception cref="StoreException"><see cref="StoreFailure.Misconfigured"/>: a setting is wrong, or no region is known.</exception>
    public S3Store(
        string bucket, string prefix = "", S3Options? options = null, TimeProvider? time = null, Entropy? entropy = null, AWSCredentials? credentials = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(bucket);
        ArgumentNullException.ThrowIfNull(prefix);
        string root = prefix.Trim('/');
        if (root.Length > 0 && ObjectKey.Problem(root, isPrefix: false) is { } problem)
        {
            throw new ArgumentException($"The prefix '{prefix}' {problem}.", nameof(prefix));
        }

        this.bucket = bucket;
        this.root = root.Length == 0 ? "" : $"{root}/";
        this.options = options ?? new S3Options();
        this.time = time ?? TimeProvider.System;
        this.entropy = entropy ?? Entropy.System;
        Url = root.Length == 0 ? $"s3://{bucket}" : $"s3://{bucket}/{root}";
        S3Settings settings = S3Settings.From(this.options, Url, Environment.GetEnvironmentVariable);
        Url += settings.Endpoint is null ? "" : $"?endpoint={settings.Endpoint.OriginalString}";
        requests = new S3Requests(bucket, this.root, settings.Encryption, this.options);
        listing = new S3Listing(bucket, this.root, ListPageAsync);
        http = settings.MakeHttpClient();
        try
        {
            client = settings.MakeClient(http, credentials);
            swapClient = settings.MakeSwapClient(http, credentials);
        }
        catch (AmazonClientException error)
        {
            http.Dispose();
            throw S3Errors.Map(error, Url, null)!;
        }
    }

    /// <inheritdoc/>
    public string Url { get; }

    /// <inheritdoc/>
    public ValueTask<ReadResult> ReadAsync(string key, ETag? unless, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        return SendAsync(key, options.RequestTimeout, token => ReadWholeAsync(key, unless, token), cancellation);
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> ReadRangeAsync(string key, long offset, int length, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return SendAsync(key, options.RequestTimeout, token => ReadRangeOnceAsync(key, offset, length, token), cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        await SendAsync(key, options.RequestTimeout, token => client.PutObjectAsync(requests.Put(key, content), token), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<SwapResult> SwapAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        return SendAsync(key, options.SwapTimeout, token => SwapOnceAsync(key, content, expected, token), cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string key, CancellationToken cancellation)
    {
        ObjectKey.Check(key);
        await SendAsync(key, options.RequestTimeout, token => DeleteOnceAsync(key, token), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DeleteManyAsync(IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        foreach (string key in keys)
        {
            ObjectKey.Check(key);
        }

        foreach (string[] some in keys.Chunk(S3Requests.MaxDeletes))
        {
            var send = (CancellationToken token) => client.DeleteObjectsAsync(requests.Delete(some), token);
            await SendAsync(some[0], options.RequestTimeout, send, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellation)
    {
        ObjectKey.CheckPrefix(prefix);
        return listing.ObjectsAsync(prefix, cancellation);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListFoldersAsync(string prefix, CancellationToken cancellation)
    {
        ObjectKey.CheckFolder(prefix);
        return listing.FoldersAsync(prefix, cancellation);
    }

    /// <summary>Closes the connections.</summary>
    public ValueTask DisposeAsync()
    {
        client.Dispose();
        swapClient.Dispose();
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ReadResult> ReadWholeAsync(string key, ETag? unless, CancellationToken cancellation)
    {
        AnswerNotes answer = S3Transport.TakeNotes();
        try
        {
            return await RepeatBrokenAsync(ReadOnceAsync, cancellation).ConfigureAwait(false);
        }
        catch (AmazonS3Exception error) when (S3Errors.IsMissingKey(error))
        {
            return ReadResult.Missing with { Now = answer.Now };
        }

        async Task<ReadResult> ReadOnceAsync()
        {
            using GetObjectResponse response = await client.GetObjectAsync(requests.Get(key, unless), cancellation).ConfigureAwait(false);
            switch (answer.Status)
            {
                case HttpStatusCode.OK:
                    byte[] content = await S3Body.ReadAsync(response, cancellation).ConfigureAwait(false);
                    DateTimeOffset? modified = response.LastModified is { } at ? new DateTimeOffset(at.ToUniversalTime()) : null;
                    return new ReadResult(ReadAnswer.Found, content, answer.Tag, modified, answer.Now);
                case HttpStatusCode.NotModified when unless is not null:
                    return ReadResult.NotModified with { Now = answer.Now };
                default:
                    throw S3Errors.Unexpected(answer.Status, Url, key);
            }
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadRangeOnceAsync(string key, long offset, int length, CancellationToken cancellation)
    {
        try
        {
            return await RepeatBrokenAsync(ReadOnceAsync, cancellation).ConfigureAwait(false);
        }
        catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            throw StoreErrors.Truncated(Url, key, offset, length, size: null, error);
        }

        async Task<ReadOnlyMemory<byte>> ReadOnceAsync()
        {
            using GetObjectResponse response = await client.GetObjectAsync(requests.GetRange(key, offset, length), cancellation).ConfigureAwait(false);
            if (response.HttpStatusCode != HttpStatusCode.PartialContent
                || response.ContentRange?.StartsWith($"bytes {offset}-", StringComparison.Ordinal) != true)
            {
                throw new StoreException(StoreFailure.Unsafe, Url, key, "The store was asked for a range of an object and answered with something else.");
            }

            byte[] content = await S3Body.ReadAsync(response, cancellation).ConfigureAwait(false);
            return content.Length == length ? content : throw StoreErrors.Truncated(Url, key, offset, length, offset + content.Length);
        }
    }

    private async Task<SwapResult> SwapOnceAsync(string key, ReadOnlyMemory<byte> content, ETag? expected, CancellationToken cancellation)
    {
        PutObjectRequest request = requests.Put(key, content);
        request.IfNoneMatch = expected is null ? "*" : null;
        TagForm.Choice form = tagForm.Current;
        request.IfMatch = expected is { } tag ? form.Write(tag) : null;
        AnswerNotes answer = S3Transport.TakeNotes();
        try
        {
            await swapClient.PutObjectAsync(request, cancellation).ConfigureAwait(false);
        }
        catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.Conflict)
        {
            return SwapResult.Busy;
        }
        catch (AmazonS3Exception error) when (expected is not null && S3Errors.IsMissingKey(error))
        {
            return SwapResult.Gone;
        }

        switch (answer.Status)
        {
            case HttpStatusCode.OK:
                if (expected is not null)
                {
                    tagForm.Worked(form);
                }

                return SwapResult.Done(answer.Tag);
            case HttpStatusCode.PreconditionFailed:
                return expected is { } refused ? await RefusedAsync(key, refused, form, cancellation).ConfigureAwait(false) : SwapResult.Lost;
            default:
                throw S3Errors.Unexpected(answer.Status, Url, key);
        }
    }

    /// <summary>
    /// A 412 means that somebody else was first, unless the store does not understand the tag as it was written. As long as no swap
    /// has shown that it does, one look at the object tells the two apart; the caller is then asked to send the same again.
    /// </summary>
    private async Task<SwapResult> RefusedAsync(string key, ETag expected, TagForm.Choice form, CancellationToken cancellation)
    {
        if (tagForm.IsKnown)
        {
            return SwapResult.Lost;
        }

        try
        {
            AnswerNotes current = S3Transport.TakeNotes();
            await client.GetObjectMetadataAsync(bucket, root + key, cancellation).ConfigureAwait(false);
            return current.Tag == expected && tagForm.Failed(form) ? SwapResult.Busy : SwapResult.Lost;
        }
        catch (Exception error) when (error is AmazonServiceException or AmazonClientException or HttpRequestException or IOException)
        {
            // The swap was refused; that the look at the object failed does not change it.
            return SwapResult.Lost;
        }
    }

    private async Task<bool> DeleteOnceAsync(string key, CancellationToken cancellation)
    {
        try
        {
            await client.DeleteObjectAsync(bucket, root + key, cancellation).ConfigureAwait(false);
        }
        catch (AmazonS3Exception error) when (S3Errors.IsMissingKey(error))
        {
            // AWS says 204 for what is not there; some others do not.
        }

        return true;
    }

    private ValueTask<ListObjectsV2Response> ListPageAsync(ListObjectsV2Request request, CancellationToken cancellation) =>
        SendAsync(null, options.RequestTimeout, token => client.ListObjectsV2Async(request, token), cancellation);

    /// <summary>The SDK repeats a request until its answer begins; if the content then breaks off, that is up to us.</summary>
    private async Task<T> RepeatBrokenAsync<T>(Func<Task<T>> read, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await read().ConfigureAwait(false);
            }
            catch (IOException) when (attempt <= options.Retries)
            {
                await Task.Delay(entropy.Jitter(TimeSpan.FromMilliseconds(50 << attempt)), time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<T> SendAsync<T>(string? key, TimeSpan timeout, Func<CancellationToken, Task<T>> send, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await send(either.Token).ConfigureAwait(false);
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception error) when (error is not StoreException && S3Errors.Map(error, Url, key) is { } mapped)
        {
            throw mapped;
        }
    }
}
