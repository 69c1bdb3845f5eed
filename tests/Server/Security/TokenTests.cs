using System.Net;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansSqlite.Server;

namespace OrleansSqlite.Tests;

/// <summary>Who is let in, and to what.</summary>
public sealed class TokenTests
{
    [Fact]
    public async Task A_listed_token_may_do_what_its_scope_says_and_nothing_else()
    {
        var (admin, write, read) = (TokenHash.NewToken(), TokenHash.NewToken(), TokenHash.NewToken());
        await using var server = await TestServer.StartAsync(options =>
        {
            options.Access.Tokens.Add(new() { Name = "admin", Hash = TokenHash.Of(admin), Scope = "admin:*" });
            options.Access.Tokens.Add(new() { Name = "app", Hash = TokenHash.Of(write), Scope = "write:app-* read:shared" });
            options.Access.Tokens.Add(new() { Name = "report", Hash = TokenHash.Of(read).ToUpperInvariant().Replace("SHA256", "sha256", StringComparison.Ordinal), Scope = "read:app-1" });
        });
        foreach (var name in (string[])["app-1", "app-2", "shared", "other"])
        {
            Assert.Equal(201, await StatusAsync(server, admin, HttpMethod.Put, name));
        }

        Assert.Equal(200, await StatusAsync(server, write, HttpMethod.Post, "app-1/execute", """{"statements":["create table t(a)"]}"""));
        Assert.Equal(200, await StatusAsync(server, write, HttpMethod.Post, "shared/query", """{"sql":"select 1"}"""));
        Assert.Equal(200, await StatusAsync(server, read, HttpMethod.Post, "app-1/query", """{"sql":"select * from t"}"""));
        Assert.Equal(403, await StatusAsync(server, write, HttpMethod.Post, "shared/execute", """{"statements":["create table t(a)"]}"""));
        Assert.Equal(403, await StatusAsync(server, write, HttpMethod.Post, "other/query", """{"sql":"select 1"}"""));
        Assert.Equal(403, await StatusAsync(server, write, HttpMethod.Delete, "app-1"));
        Assert.Equal(403, await StatusAsync(server, write, HttpMethod.Put, "app-3"));
        Assert.Equal(403, await StatusAsync(server, read, HttpMethod.Post, "app-1/execute", """{"statements":["delete from t"]}"""));
        Assert.Equal(403, await StatusAsync(server, read, HttpMethod.Get, "app-2"));

        // Of what a token must not read, it is not even told whether it is there.
        Assert.Equal(403, await StatusAsync(server, read, HttpMethod.Get, "nowhere"));
        var seen = await SendAsync(server, write, HttpMethod.Get, "");
        Assert.Equal(["app-1", "app-2", "shared"], seen.Json.GetProperty("databases").EnumerateArray().Select(database => database.GetProperty("name").GetString()));
    }

    /// <summary>It would look for a folder to keep keys in, and warn of a container that has none.</summary>
    [Fact]
    public void Nothing_here_brings_data_protection_along() =>
        Assert.Equal([], new ServiceCollection().AddOrleansSqliteServer()
            .Select(service => service.ServiceType.FullName!).Where(type => type.Contains("DataProtection", StringComparison.Ordinal)));

    [Fact]
    public async Task A_fork_needs_the_right_on_both_databases()
    {
        var token = TokenHash.NewToken();
        await using var engine = await DatabaseEngine.OpenAsync("memory:");
        await engine.CreateAsync("mine-1");
        await using var server = await TestServer.StartAsync(engine, options =>
            options.Access.Tokens.Add(new() { Name = "mine", Hash = TokenHash.Of(token), Scope = "admin:mine-*" }));
        (await SendAsync(server, token, HttpMethod.Post, "mine-1/fork", """{"name":"yours"}""")).Problem(403, "Invalid", "forbidden");
        Assert.Equal(201, await StatusAsync(server, token, HttpMethod.Post, "mine-1/fork", """{"name":"mine-2"}"""));
    }

    [Fact]
    public async Task Every_endpoint_of_databases_asks_for_a_right()
    {
        await using var server = await TestServer.StartAsync(options => options.Access.Keys.Add(new() { Secret = Jwt.Secret }));
        var all = server.Endpoints.Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/v1/databases", StringComparison.Ordinal)).ToList();
        Assert.True(all.Count >= 19);
        Assert.All(all, endpoint => Assert.NotNull(endpoint.Metadata.GetMetadata<RightRequirement>()));
        foreach (var endpoint in all)
        {
            var method = new HttpMethod(endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single());
            var reply = await server.SendAsync(method, endpoint.RoutePattern.RawText!.Replace("{database}", "db", StringComparison.Ordinal).Replace("{snapshot}", "x", StringComparison.Ordinal));
            reply.Problem(401, "Invalid", "unauthenticated");
            Assert.Equal("Bearer", reply.Headers["WWW-Authenticate"]);
        }

        // What load balancers and newcomers ask needs none.
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, "/health/live")).Status);
        Assert.Equal(200, (await server.SendAsync(HttpMethod.Get, "/health/ready")).Status);
    }

    [Fact]
    public async Task Signed_tokens_are_taken_by_the_key_of_their_algorithm()
    {
        await using var server = await SignedAsync();
        foreach (var token in (string[])[Jwt.Hs256(Jwt.Claims("read:db")), Jwt.Rs256(Jwt.Claims("read:db")), Jwt.EdDsa(Jwt.Claims("openid read:db"))])
        {
            Assert.Equal(200, await StatusAsync(server, token, HttpMethod.Get, "db"));
            Assert.Equal(403, await StatusAsync(server, token, HttpMethod.Delete, "db"));
        }

        var many = Jwt.Hs256(new { sub = "x", scope = (string[])["read:db", "write:db"], exp = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 60 });
        Assert.Equal(200, await StatusAsync(server, many, HttpMethod.Post, "db/execute", """{"statements":["create table if not exists t(a)"]}"""));
    }

    [Fact]
    public async Task The_keys_of_an_issuer_are_read_from_its_URL_and_again_when_they_change()
    {
        var keys = Jwt.Jwks("r1", "e1");
        int asked = 0;
        using var listener = Listen(out var url);
        var publishing = Task.Run(async () =>
        {
            while (listener.IsListening)
            {
                try
                {
                    var context = await listener.GetContextAsync();
                    Interlocked.Increment(ref asked);
                    await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(Volatile.Read(ref keys)));
                    context.Response.Close();
                }
                catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        });

        var time = new SteppedTime();
        await using var server = await DatabaseAsync(options => options.Access.Keys.Add(new() { Jwks = url }), time);
        Assert.Equal(200, await StatusAsync(server, Jwt.Rs256(Jwt.Claims("read:db"), kid: "r1"), HttpMethod.Get, "db"));
        Assert.Equal(200, await StatusAsync(server, Jwt.EdDsa(Jwt.Claims("read:db"), kid: "e1"), HttpMethod.Get, "db"));
        Assert.Equal(1, asked);

        // A key that is not known is looked for, but not for whoever asks however often.
        Volatile.Write(ref keys, Jwt.Jwks("r2", "e2"));
        using var foreign = System.Security.Cryptography.RSA.Create(2048);
        Assert.Equal(401, await StatusAsync(server, Jwt.Rs256(Jwt.Claims("read:db"), foreign, "r3"), HttpMethod.Get, "db"));
        Assert.Equal(1, asked);
        time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(200, await StatusAsync(server, Jwt.Rs256(Jwt.Claims("read:db"), kid: "r2"), HttpMethod.Get, "db"));
        Assert.Equal(2, asked);

        // While the issuer is away, the last keys hold.
        listener.Stop();
        await publishing;
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(200, await StatusAsync(server, Jwt.Rs256(Jwt.Claims("read:db", 3600), kid: "r2"), HttpMethod.Get, "db"));
    }

    [Fact]
    public async Task Protocols_hand_over_a_token_as_text()
    {
        using var tokens = Check(options => options.Access.Keys.Add(new() { Secret = Jwt.Secret }));
        var access = new DatabaseAccess(tokens);
        Assert.Equal(401, (await Assert.ThrowsAsync<RequestException>(() => access.AuthenticateAsync(null))).Status);
        Assert.Equal(401, (await Assert.ThrowsAsync<RequestException>(() => access.AuthenticateAsync("nonsense"))).Status);
        var who = await access.AuthenticateAsync(Jwt.Hs256(Jwt.Claims("write:db")));
        access.Demand(who, "db", DatabaseRight.Write);
        Assert.Equal(403, Assert.Throws<RequestException>(() => access.Demand(who, "db", DatabaseRight.Admin)).Status);
        Assert.Equal(403, Assert.Throws<RequestException>(() => access.Demand(who, "db2", DatabaseRight.Read)).Status);

        using var none = Check(_ => { });
        var open = new DatabaseAccess(none);
        open.Demand(await open.AuthenticateAsync(null), "db", DatabaseRight.Admin);
    }

    [Theory]
    [InlineData("read:db", "db", true)]
    [InlineData("read:db", "db2", false)]
    [InlineData("read:db*", "db2", true)]
    [InlineData("read:*", "any.name-1", true)]
    [InlineData("read:*-prod", "eu-prod", true)]
    [InlineData("read:a.b", "axb", false)]
    [InlineData("read:d?", "db", false)]
    [InlineData("read:", "", false)]
    [InlineData("readdb", "db", false)]
    [InlineData("READ:db", "db", false)]
    [InlineData("openid email read:db", "db", true)]
    [InlineData("", "db", false)]
    public void A_scope_is_a_right_and_a_pattern(string scope, string database, bool allowed) => Assert.Equal(
        allowed, Scope.Of(new(new System.Security.Claims.ClaimsIdentity([new(Scope.Claim, scope)]))).Allows(database, DatabaseRight.Read));

    [Theory]
    [InlineData("sha256:00", "read:db", "Hash")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", "read:db", "Hash")]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000", "reed:db", "Scope")]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000", "", "Scope")]
    public async Task A_token_that_would_grant_nothing_is_refused_at_the_start(string hash, string scope, string what)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestServer.StartAsync(options => options.Access.Tokens.Add(new() { Name = "x", Hash = hash, Scope = scope })));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_none_is_refused_at_the_start()
    {
        SigningKeyOptions[] keys =
        [
            new() { Secret = "short" }, new() { Pem = "/nowhere" }, new() { Pem = "-----BEGIN NONSENSE-----" }, new() { Pem = Jwt.Rsa.ExportRSAPrivateKeyPem() },
            new() { Jwks = "/nowhere" }, new(), new() { Secret = Jwt.Secret, Pem = Jwt.Ed25519Pem() },
        ];
        foreach (var key in keys)
        {
            var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestServer.StartAsync(options => options.Access.Keys.Add(key)));
            Assert.DoesNotContain(Jwt.Secret, error.Message, StringComparison.Ordinal);
        }
    }

    internal static async Task<TestServer> SignedAsync() => await DatabaseAsync(options =>
    {
        options.Access.Keys.Add(new() { Secret = Jwt.Secret });
        options.Access.Keys.Add(new() { Pem = Jwt.Rsa.ExportSubjectPublicKeyInfoPem() });
        options.Access.Keys.Add(new() { Pem = Jwt.Ed25519Pem() });
    });

    internal static async Task<TestServer> DatabaseAsync(Action<OrleansSqliteServerOptions> configure, TimeProvider? time = null)
    {
        var engine = await DatabaseEngine.OpenAsync("memory:");
        await engine.CreateAsync("db");
        return await TestServer.StartAsync(engine, configure, engine: engine, time: time);
    }

    internal static Task<Reply> SendAsync(TestServer server, string token, HttpMethod method, string path, string? json = null) =>
        server.SendAsync(method, path.Length == 0 ? "/v1/databases" : $"/v1/databases/{path}", json, ("Authorization", $"Bearer {token}"));

    private static async Task<int> StatusAsync(TestServer server, string token, HttpMethod method, string path, string? json = null)
    {
        var reply = await SendAsync(server, token, method, path, json);
        return reply.Status switch
        {
            401 => reply.Problem(401, "Invalid", "unauthenticated").GetProperty("status").GetInt32(),
            403 => reply.Problem(403, "Invalid", "forbidden").GetProperty("status").GetInt32(),
            var status => status,
        };
    }

    private static TokenCheck Check(Action<OrleansSqliteServerOptions> configure)
    {
        var options = new OrleansSqliteServerOptions();
        configure(options);
        return new(Options.Create(options), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<TokenCheck>.Instance);
    }

    private static HttpListener Listen(out string url)
    {
        for (int port = 20_000 + (Environment.ProcessId % 20_000); ; port++)
        {
            var listener = new HttpListener();
            url = $"http://127.0.0.1:{port}/";
            listener.Prefixes.Add(url);
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException)
            {
                listener.Close();
            }
        }
    }

    /// <summary>The system's time, and what was added to it.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        private TimeSpan added;

        public void Advance(TimeSpan step) => added += step;

        public override long GetTimestamp() => base.GetTimestamp() + (long)(added.TotalSeconds * TimestampFrequency);

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + added;
    }
}
