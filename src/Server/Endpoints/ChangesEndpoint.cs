using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace OrleansSqlite.Server;

/// <summary>
/// The commits of a database as they come, as server-sent events. The id of an event is the version, so that a consumer whose connection ended
/// goes on where it was: with the header <c>Last-Event-ID</c>, which browsers send by themselves, or with <c>?from=</c>.
/// </summary>
internal sealed class ChangesEndpoint(IDatabaseCatalog catalog, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Shows those in between that the connection lives, and this server that the consumer does.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>After it a consumer connects anew, so that its token is looked at again.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>How many versions a consumer that is far behind is told at a time: the history gives the newest ones first.</summary>
    private const int Window = 1_000;

    public async Task StreamAsync(HttpContext context)
    {
        var database = catalog.Get(DatabaseEndpoints.Name(context));
        using var until = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        long? from = From(context.Request);
        var described = await database.DescribeAsync(ReadLevel.Strong, until.Token);
        if (from > described.Version)
        {
            throw Gone(described, $"is at version {described.Version}, and not yet at {from}: it was deleted and created anew, or this is another database");
        }

        if (from < described.OldestVersion - 1)
        {
            throw Gone(described, $"keeps its history from version {described.OldestVersion} on, and no longer what came after {from}");
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache, no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.StartAsync(until.Token);
        try
        {
            await SseFormatter.WriteAsync(EventsAsync(database, from ?? described.Version, until.Token), context.Response.Body, Write, until.Token);
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            // The consumer has gone, or this server is about to: the next one takes it from where it was.
        }
    }

    private async IAsyncEnumerable<SseItem<VersionDescription?>> EventsAsync(
        IDatabase database, long seen, [EnumeratorCancellation] CancellationToken cancellation)
    {
        long began = time.GetTimestamp();

        // At once, so that the consumer knows from where on it is told.
        yield return Alive(seen);
        while (time.GetElapsedTime(began) < Longest)
        {
            var newer = database.WaitForNewerAsync(seen, cancellation);
            while (!await EndsSoonAsync(newer, cancellation))
            {
                yield return Alive(seen);
            }

            long newest = await newer;
            while (seen < newest)
            {
                long last = Math.Min(newest, seen + Window);
                foreach (var version in await BetweenAsync(database, seen, last, cancellation))
                {
                    yield return new(version) { EventId = Id(version.Version) };
                }

                seen = last;
            }
        }
    }

    private async Task<bool> EndsSoonAsync(Task task, CancellationToken cancellation)
    {
        try
        {
            await task.WaitAsync(Heartbeat, time, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>The versions above the first and up to the last, oldest first.</summary>
    private static async Task<IEnumerable<VersionDescription>> BetweenAsync(IDatabase database, long seen, long last, CancellationToken cancellation)
    {
        var versions = await database.HistoryAsync(last + 1, cancellation).TakeWhile(version => version.Version > seen).ToListAsync(cancellation);
        return Enumerable.Reverse(versions);
    }

    private static SseItem<VersionDescription?> Alive(long seen) => new(null, "alive") { EventId = Id(seen) };

    private static void Write(SseItem<VersionDescription?> item, System.Buffers.IBufferWriter<byte> to)
    {
        if (item.Data is { } version)
        {
            using var json = new Utf8JsonWriter(to);
            JsonSerializer.Serialize(json, VersionMessage.From(version), WireJson.Default.VersionMessage);
        }
    }

    private static long? From(HttpRequest request)
    {
        string? last = request.Headers["Last-Event-ID"];
        return last is null ? QueryString.Whole(request, "from", 0, long.MaxValue)
            : long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out long version) ? version
            : throw RequestReading.Bad("Last-Event-ID takes the id of an event, a version.");
    }

    private static string Id(long version) => version.ToString(CultureInfo.InvariantCulture);

    private static DatabaseException Gone(DatabaseDescription described, string why) => new(
        ErrorKind.Invalid, ErrorCodes.VersionGone,
        $"The database '{described.Name}' {why}. Read it anew, and follow it without from.")
    { Database = described.Name };
}
