using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>Live changes as server-sent events.</summary>
public sealed class ChangesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Each_commit_comes_with_its_tables_and_a_consumer_goes_on_where_it_was()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table a(v); create table b(v)");
        await using (var live = await Events.OpenAsync(server, "db"))
        {
            Assert.Equal(1, await live.StartAsync());
            await WriteAsync(server, "insert into a values (1)");
            Assert.Equal((2, "a"), await live.NextAsync());
            await WriteAsync(server, "update a set v = 2; insert into b values (1)");
            Assert.Equal((3, "a,b"), await live.NextAsync());
        }

        await WriteAsync(server, "insert into b values (2)");
        await WriteAsync(server, "create table c(v)");
        await using (var byHeader = await Events.OpenAsync(server, "db", lastEventId: "3"))
        {
            Assert.Equal(3, await byHeader.StartAsync());
            Assert.Equal((4, "b"), await byHeader.NextAsync());
            Assert.Equal((5, "sqlite_schema"), await byHeader.NextAsync());
            await WriteAsync(server, "insert into c values (1)");
            Assert.Equal((6, "c"), await byHeader.NextAsync());
        }

        await using var byQuery = await Events.OpenAsync(server, "db", "?from=0");
        Assert.Equal(0, await byQuery.StartAsync());
        for (int version = 1; version <= 6; version++)
        {
            Assert.Equal(version, (await byQuery.NextAsync()).Version);
        }
    }

    [Fact]
    public async Task Of_many_writers_and_consumers_each_consumer_sees_each_version_once_in_order()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table a(v)");
        List<Events> all = [];
        for (int i = 0; i < 5; i++)
        {
            all.Add(await Events.OpenAsync(server, "db", "?from=1"));
        }

        long newest = (await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
        {
            var done = await server.ExecuteAsync("db", """{"statements":["insert into a values (1)"]}""");
            return done.Json.GetProperty("version").GetInt64();
        }))).Max();
        foreach (var live in all)
        {
            Assert.Equal(1, await live.StartAsync());
            for (long version = 2; version <= newest; version++)
            {
                Assert.Equal((version, "a"), await live.NextAsync());
            }

            await live.DisposeAsync();
        }
    }

    [Fact]
    public async Task Who_comes_from_nowhere_is_told_what_to_do()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table a(v)");
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/db/changes?from=2")).Problem(410, "Invalid", ErrorCodes.VersionGone);
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/db/changes?from=x")).Problem(400, "Invalid", ErrorCodes.BadArgument);
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/db/changes?from=-1")).Problem(400, "Invalid", ErrorCodes.BadArgument);
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/db/changes", null, ("Last-Event-ID", "one"))).Problem(400, "Invalid", ErrorCodes.BadArgument);
        (await server.SendAsync(HttpMethod.Get, "/v1/databases/nope/changes")).Problem(404, "Invalid", ErrorCodes.DatabaseNotFound);
    }

    [Fact]
    public async Task A_stream_ends_with_its_database_and_with_the_server()
    {
        var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table a(v)");
        await server.CreateAsync("stays");
        await using var live = await Events.OpenAsync(server, "db");
        Assert.Equal(1, await live.StartAsync());
        await using var other = await Events.OpenAsync(server, "stays");
        Assert.Equal(0, await other.StartAsync());

        Assert.Equal(204, (await server.SendAsync(HttpMethod.Delete, "/v1/databases/db")).Status);
        await live.EndAsync();
        await server.DisposeAsync().AsTask().WaitAsync(Patience);
        await other.EndAsync();
    }

    private static async Task WriteAsync(TestServer server, string sql) =>
        Assert.Equal(200, (await server.ExecuteAsync("db", JsonSerializer.Serialize(new { statements = new[] { sql } }))).Status);

    /// <summary>A consumer, as .NET's own parser reads what it is sent.</summary>
    private sealed class Events(HttpResponseMessage response, IAsyncEnumerator<SseItem<string>> items) : IAsyncDisposable
    {
        public static async Task<Events> OpenAsync(TestServer server, string database, string query = "", string? lastEventId = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/databases/{database}/changes{query}");
            if (lastEventId is not null)
            {
                request.Headers.Add("Last-Event-ID", lastEventId);
            }

            var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Patience);
            Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
            return new(response, SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator());
        }

        /// <summary>The version from which on it is told.</summary>
        public async Task<long> StartAsync()
        {
            Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(Patience));
            Assert.Equal("alive", items.Current.EventType);
            return long.Parse(items.Current.EventId!, System.Globalization.CultureInfo.InvariantCulture);
        }

        /// <summary>The next commit.</summary>
        public async Task<(long Version, string Tables)> NextAsync()
        {
            do
            {
                Assert.True(await items.MoveNextAsync().AsTask().WaitAsync(Patience));
            }
            while (items.Current.EventType == "alive");

            var commit = JsonDocument.Parse(items.Current.Data).RootElement;
            Assert.Equal("message", items.Current.EventType);
            Assert.Equal(items.Current.EventId, commit.GetProperty("version").GetRawText());
            return (commit.GetProperty("version").GetInt64(), string.Join(',', commit.GetProperty("tables").EnumerateArray().Select(table => table.GetString())));
        }

        public async Task EndAsync()
        {
            try
            {
                while (await items.MoveNextAsync().AsTask().WaitAsync(Patience))
                {
                    Assert.Equal("alive", items.Current.EventType);
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // Cut off in the middle is an end, too.
            }
        }

        public async ValueTask DisposeAsync()
        {
            response.Dispose();
            try
            {
                await items.DisposeAsync();
            }
            catch (IOException)
            {
            }
        }
    }
}
