using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server.Hrana;

/// <summary>
/// The streams of this process. Between two requests over HTTP a stream waits under a baton: a secret that is good once, on its own
/// database, and for a short while. Then the stream is closed, and with it the transaction.
/// </summary>
internal sealed class HranaStreams(
    IDatabaseCatalog catalog, IServiceProvider services, IOptions<OrleansSqliteServerOptions> options, TimeProvider time) : IAsyncDisposable
{
    private const int BatonBytes = 32;
    private readonly ConcurrentDictionary<(string Database, string Baton), Waiting> waiting = new();
    private readonly RowIdReservations reservations = new();
    private int open;

    /// <summary>How many streams are open.</summary>
    public int Count => Volatile.Read(ref open);

    /// <summary>A new stream.</summary>
    /// <param name="database">The database.</param>
    /// <param name="mayWrite">Whether its client may do more than read.</param>
    public HranaStream Open(string database, bool mayWrite)
    {
        DatabaseName.Check(database);
        var engine = catalog as DatabaseEngine ?? services.GetService<DatabaseEngine>()
            ?? throw new HranaException(
                "NO_ENGINE", "This server has no way to the store of its own, so it has no streams. Register a DatabaseEngine beside its catalogue.",
                StatusCodes.Status501NotImplemented);
        if (Interlocked.Increment(ref open) > options.Value.Streams)
        {
            Release();
            throw new HranaException(
                "TOO_MANY_STREAMS", $"This server has {options.Value.Streams} streams open, which is its limit. Try again later, and close streams that are done.",
                StatusCodes.Status429TooManyRequests);
        }

        return new HranaStream(database, mayWrite, engine, reservations, options.Value, Release);
    }

    /// <summary>The stream that waits under a baton, which is good no more after this.</summary>
    public HranaStream Take(string database, string baton) => waiting.TryRemove((database, baton), out var found)
        ? found.Stop()
        : throw new HranaException(
            "STREAM_EXPIRED", $"No stream waits under this baton: it was used before, or {options.Value.StreamIdleTime.TotalSeconds:0.###} s have passed. Its transaction was rolled back; begin anew.");

    public static string NewBaton() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(BatonBytes));

    /// <summary>Lets a stream wait.</summary>
    public void Keep(HranaStream stream, string baton)
    {
        var key = (stream.Database, baton);
        var entry = new Waiting(stream);
        waiting.TryAdd(key, entry);
        entry.Start(time, options.Value.StreamIdleTime, () => waiting.TryRemove(key, out _));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var key in waiting.Keys)
        {
            if (waiting.TryRemove(key, out var entry))
            {
                await entry.Stop().DisposeAsync();
            }
        }
    }

    private void Release() => Interlocked.Decrement(ref open);

    private sealed class Waiting(HranaStream stream) : IDisposable
    {
        private readonly CancellationTokenSource stopped = new();

        public void Start(TimeProvider time, TimeSpan length, Func<bool> expire) => _ = ExpireAsync(time, length, expire);

        public HranaStream Stop()
        {
            stopped.Cancel();
            Dispose();
            return stream;
        }

        public void Dispose() => stopped.Dispose();

        private async Task ExpireAsync(TimeProvider time, TimeSpan length, Func<bool> expire)
        {
            await Task.Delay(length, time, stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            // Whoever removes it has it: this, or a request.
            if (!stopped.IsCancellationRequested && expire())
            {
                Dispose();
                await stream.DisposeAsync();
            }
        }
    }
}
