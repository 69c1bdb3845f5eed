using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansSqlite.Tests;

public sealed class ServeTests : IDisposable
{
    private readonly Sandbox box = new();

    [Fact]
    public async Task Every_command_that_it_prints_works_when_it_is_pasted()
    {
        await using var serve = await ServeProcess.StartAsync(box);
        Assert.Contains(serve.Announcement, line => line.Contains("one node without a cluster", StringComparison.Ordinal));
        Assert.Contains(serve.Announcement, line => line.StartsWith("store      file:", StringComparison.Ordinal) && line.Contains(box.StoreFolder, StringComparison.Ordinal));

        var commands = serve.Announcement.Where(line => line.StartsWith("curl ", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, commands.Count);
        List<Outcome> outcomes = [];
        foreach (var command in commands)
        {
            outcomes.Add((await box.BashAsync(command.Replace("curl ", "curl --fail-with-body -sS ", StringComparison.Ordinal))).Ok());
        }

        Assert.Equal("hello", outcomes[0].Json().GetProperty("name").GetString());
        Assert.Equal("me", outcomes[2].Json().GetProperty("rows")[0][0].GetString());
        Assert.Equal("hello", outcomes[3].Json().GetProperty("databases")[0].GetProperty("name").GetString());

        // The same commands stand on the front page, and may be pasted again.
        var page = (await box.BashAsync($"curl -sS {serve.Address}/")).Ok().Out;
        Assert.All(commands, command => Assert.Contains(command, page, StringComparison.Ordinal));
        Assert.Equal("Conflict", (await box.BashAsync(commands[0])).Ok().Json().GetProperty("title").GetString());
        (await box.BashAsync(commands[1].Replace("curl ", "curl --fail-with-body -sS ", StringComparison.Ordinal))).Ok();
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task It_ends_when_asked_and_answers_what_runs_first(string signal)
    {
        await box.RunAsync("create", "db");
        await box.RunAsync("execute", "db", "create table t(a)");
        await using var serve = await ServeProcess.StartAsync(box);
        using var handler = new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(1) };
        using var client = new HttpClient(handler);
        using var body = new AwaitedBody("""{"statements":["insert into t with recursive c(i) as (values (1) union all select i + 1 from c where i < 1500000) select max(i) from c"]}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, serve.Address + "/v1/databases/db/execute") { Content = body, Headers = { ExpectContinue = true } };
        var slow = client.SendAsync(request);
        await body.Wanted;
        var outcome = await serve.StopAsync(signal);
        Assert.Equal(0, outcome.ExitCode);
        Assert.EndsWith("Stopped.\n", outcome.Out, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await slow).StatusCode);
        Assert.Equal("1500000\n", (await box.RunAsync("query", "db", "select a from t")).Ok().Out);
    }

    [Fact]
    public async Task Ended_under_load_it_loses_nothing_that_it_has_answered()
    {
        await box.RunAsync("create", "db");
        await box.RunAsync("execute", "db", "create table t(caller, number, primary key (caller, number))");
        await using var serve = await ServeProcess.StartAsync(box);
        int answered = 0;
        var warm = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            for (int number = 0; ; number++)
            {
                try
                {
                    using var body = new StringContent($$"""{"statements":["insert into t values ({{caller}}, {{number}})"]}""", Encoding.UTF8, "application/json");
                    using var answer = await serve.Client.PostAsync(new Uri("/v1/databases/db/execute", UriKind.Relative), body);
                    if (answer.StatusCode != HttpStatusCode.OK)
                    {
                        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                        return number;
                    }
                }
                catch (HttpRequestException)
                {
                    // Nobody listens any more.
                    return number;
                }

                if (Interlocked.Increment(ref answered) == 200)
                {
                    warm.SetResult();
                }
            }
        })).ToArray();
        await warm.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var outcome = await serve.StopAsync();
        Assert.Equal(0, outcome.ExitCode);
        Assert.EndsWith("Stopped.\n", outcome.Out, StringComparison.Ordinal);

        // Of each caller all that was answered is there, and at most the one beside that was not.
        int[] acknowledged = await Task.WhenAll(callers);
        for (int caller = 0; caller < acknowledged.Length; caller++)
        {
            int stored = int.Parse((await box.RunAsync("query", "db", $"select count(*) from t where caller = {caller}")).Ok().Out, System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(stored, acknowledged[caller], acknowledged[caller] + 1);
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var process = box.Start(Sandbox.Program, ["serve"], ("PORT", $"{((IPEndPoint)taken.LocalEndpoint).Port}"));
        (await Sandbox.FinishAsync(process, "")).Failed(2, "Cannot listen");
    }

    [Theory]
    [InlineData("seventy", "PORT=seventy")]
    [InlineData("70000", "PORT=70000")]
    public async Task A_port_that_is_none_is_said(string port, string what)
    {
        using var process = box.Start(Sandbox.Program, ["serve"], ("PORT", port));
        (await Sandbox.FinishAsync(process, "")).Failed(2, what);
    }

    [Fact]
    public async Task An_address_that_is_none_is_said() => (await box.RunAsync("serve", "--urls", "ftp://here")).Failed(2, "ftp://here");

    [Fact]
    public async Task Urls_go_before_the_port()
    {
        await using var serve = await ServeProcess.StartAsync(box, "--urls", "http://127.0.0.1:0;http://[::1]:0");
        Assert.Equal(2, serve.Addresses.Length);
        using var client = new HttpClient();
        foreach (var address in serve.Addresses)
        {
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri(address + "/health/ready"))).StatusCode);
        }
    }

    [Fact]
    public async Task A_foreign_name_for_this_machine_is_turned_away()
    {
        await using var serve = await ServeProcess.StartAsync(box);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/databases") { Headers = { Host = "evil.example" } };
        Assert.Equal(HttpStatusCode.BadRequest, (await serve.Client.SendAsync(request)).StatusCode);
        using var local = new HttpRequestMessage(HttpMethod.Get, "/v1/databases") { Headers = { Host = "localhost" } };
        Assert.Equal(HttpStatusCode.OK, (await serve.Client.SendAsync(local)).StatusCode);
    }

    [Fact]
    public async Task What_is_not_there_is_answered_with_problem_details()
    {
        await using var serve = await ServeProcess.StartAsync(box);
        var response = await serve.Client.GetAsync("/v2/nonsense");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_store_that_cannot_be_opened_ends_it() => (await box.RunAsync("serve", "--store", "gopher://x")).Failed(2, "store");

    public void Dispose() => box.Dispose();

    /// <summary>A body that tells when the server begins to read it: from then on the request is under way.</summary>
    private sealed class AwaitedBody : HttpContent
    {
        private readonly TaskCompletionSource wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly byte[] text;

        public AwaitedBody(string json)
        {
            text = Encoding.UTF8.GetBytes(json);
            Headers.ContentType = new("application/json");
        }

        public Task Wanted => wanted.Task;

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            wanted.SetResult();
            await stream.WriteAsync(text);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = text.Length;
            return true;
        }
    }
}
