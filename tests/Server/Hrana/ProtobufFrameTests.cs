using System.Net.WebSockets;
using static OrleansSqlite.Tests.HranaClient;
using static OrleansSqlite.Tests.HranaSocketClient;

namespace OrleansSqlite.Tests;

/// <summary>What comes in protobuf and is not the protocol, down to single bytes. Each is refused in words, and the next caller is served.</summary>
public sealed class ProtobufFrameTests
{
    private static readonly Wire Statement = new Wire().Text(1, "select 1");

    /// <summary>Pipelines that are wrong, and a word of what is said about them.</summary>
    public static TheoryData<string, string> Pipelines => new()
    {
        // No request, statement, batch, condition or value where one must be.
        { Hex(Requests(new())), "request" },
        { Hex(Requests(new Wire().Message(2, new()))), "stmt" },
        { Hex(Requests(new Wire().Message(3, new()))), "batch" },
        { Hex(Steps(new())), "stmt" },
        { Hex(Steps(new Wire().Message(1, new()).Message(2, Statement))), "condition" },
        { Hex(Steps(new Wire().Message(1, new Wire().Message(3, new())).Message(2, Statement))), "condition" },
        { Hex(Steps(new Wire().Message(1, new Wire().Message(4, new Wire().Message(1, new()))).Message(2, Statement))), "condition" },
        { Hex(Executed(new Wire().Text(1, "select ?").Message(3, new()))), "value" },
        { Hex(Executed(new Wire().Text(1, "select :a").Message(4, new Wire().Text(1, "a")))), "value" },
        { Hex(Requests(new Wire().Message(99, new()))), "request" },

        // Fields of another type. A condition that is none must not let its step run.
        { Hex(new Wire().Number(1, 7L)), "baton" },
        { Hex(new Wire().Number(2, 7L)), "requests" },
        { Hex(Steps(new Wire().Number(1, 1L).Message(2, Statement))), "condition" },
        { Hex(Steps(new Wire().Message(1, new Wire().Message(1, new())).Message(2, Statement))), "step_ok" },
        { Hex(Executed(new Wire().Number(1, 1L))), "sql" },
        { Hex(Executed(new Wire().Text(1, "select ?").Message(3, new Wire().Text(2, "1")))), "integer" },
        { Hex(Executed(new Wire().Text(1, "select ?").Message(3, new Wire().Tag(3, 5).Raw(0, 0, 0, 0)))), "float" },
        { Hex(Executed(new Wire().Text(1, "select ?").Message(3, new Wire().Number(1, 0L)))), "null" },

        // Bytes that are no fields.
        { "00", "does not end" },
        { "0000", "protobuf" },
        { "0A", "does not end" },
        { "0AFF", "does not end" },
        { "0A05AABB", "cut off" },
        { "0AFFFFFFFF0F", "cut off" },
        { "0AFFFFFFFFFFFFFFFFFF01", "cut off" },
        { "12FFFFFFFF07", "cut off" },
        { "1204120208", "cut off" },
        { "FFFFFFFFFFFFFFFFFFFF01", "does not end" },
        { "78FFFFFFFFFFFFFFFFFFFFFF01", "does not end" },
        { "0B0C", "wire type" },
        { "0C", "wire type" },
        { "0E", "wire type" },
        { "7B7B7B7C7C7C", "wire type" },
        { "7901020304", "cut off" },
        { "7D0102", "cut off" },
        { Convert.ToHexString("{\"requests\":[]}"u8), "" },

        // Text that is none.
        { "0A02C328", "" },
        { Hex(Executed(new Wire().Bytes(1, [0x73, 0xFF, 0xFE]))), "" },
        { Hex(Executed(new Wire().Text(1, "select ?").Message(3, new Wire().Bytes(4, [0xED, 0xA0, 0x80])))), "" },
    };

    [Theory]
    [MemberData(nameof(Pipelines))]
    public async Task What_is_not_the_protocol_is_refused_as_a_whole(string hex, string word)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var reply = await server.PostBytesAsync("/db/db/v3-protobuf/pipeline", Convert.FromHexString(hex));
        Assert.True(reply.Status == 400, $"{reply.Status}: {reply.Text}");
        Assert.Equal("application/x-protobuf", reply.MediaType);
        Assert.Equal("HRANA_PROTO_ERROR", reply.Json.GetProperty("code").GetString());
        Assert.Contains(word, reply.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0A0130")]
    [InlineData("120A")]
    [InlineData("1001")]
    public async Task A_cursor_without_a_batch_is_refused(string hex)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var reply = await server.PostBytesAsync("/db/db/v3-protobuf/cursor", Convert.FromHexString(hex));
        Assert.Equal((400, "HRANA_PROTO_ERROR"), (reply.Status, reply.Json.GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Conditions_ten_thousand_deep_harm_nobody(int field)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var condition = new Wire().Message(6, new());
        for (int i = 0; i < 10_000; i++)
        {
            condition = new Wire().Message(field, field == 3 ? condition : new Wire().Message(1, condition));
        }

        var reply = await server.PostBytesAsync("/db/db/v3-protobuf/pipeline", Steps(new Wire().Message(1, condition).Message(2, Statement)).ToArray());
        Assert.Equal((400, "HRANA_PROTO_ERROR"), (reply.Status, reply.Json.GetProperty("code").GetString()));
        Assert.Contains("deep", reply.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("1", await new HranaClient(server, "db", HranaPost.Protobuf).RowsAsync("select 1"));
    }

    [Fact]
    public async Task Millions_of_empty_messages_are_refused_before_they_are_made()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var bytes = new byte[5_000_000];
        for (int i = 0; i < bytes.Length; i += 2)
        {
            bytes[i] = 0x12;
        }

        long before = GC.GetTotalAllocatedBytes();
        var reply = await server.PostBytesAsync("/db/db/v3-protobuf/pipeline", bytes);
        Assert.Equal((413, "MESSAGE_TOO_LARGE"), (reply.Status, reply.Json.GetProperty("code").GetString()));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 100 << 20);
    }

    /// <summary>What a newer client adds must not matter.</summary>
    [Fact]
    public async Task Fields_that_are_not_known_are_left_out()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var statement = new Wire().Number(900, 1L).Text(1, "select ?").Double(901, 1).Message(3, new Wire().Tag(902, 5).Raw(1, 2, 3, 4).ZigZag(2, -5)).Text(903, "more");
        var reply = await server.PostBytesAsync("/db/db/v3-protobuf/pipeline", Executed(statement).Message(77, new Wire().Raw(0xFF)).ToArray());
        Assert.Equal("-5", Rows(Ok(reply.Json.GetProperty("results")[0])));
    }

    [Fact]
    public async Task A_pipeline_of_nothing_is_one()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        var reply = await server.PostBytesAsync("/db/db/v3-protobuf/pipeline", []);
        Assert.Equal(200, reply.Status);
        Assert.NotEmpty(reply.Json.GetProperty("baton").GetString()!);
    }

    /// <summary>What JSON has no words for.</summary>
    [Fact]
    public async Task Doubles_come_back_bit_by_bit_and_what_is_no_number_as_NULL()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        double[] doubles = [double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, -1.5, double.NaN];
        var statement = new Wire().Text(1, "select ?, ?, ?, ?, ?, typeof(?)");
        foreach (double one in doubles)
        {
            statement.Message(3, new Wire().Double(3, one));
        }

        using var content = new ByteArrayContent(Executed(statement).ToArray());
        var reply = await server.SendBodyAsync(HttpMethod.Post, "/db/db/v3-protobuf/pipeline", content);
        var ok = WireField.Read(WireField.Read(WireField.Read(reply.Bytes, 1, 3)[3][0].Bytes, 1)[1][0].Bytes, 2)[2][0].Bytes;
        var values = WireField.Read(WireField.Read(WireField.Read(ok, 1)[1][0].Bytes, 1, 2, 4)[2][0].Bytes, 1)[1].Select(value => WireField.Read(value.Bytes, 3, 4)).ToList();
        Assert.Equal(doubles[..5], values[..5].Select(value => value[3][0].Double));
        Assert.Equal("null", values[5][4][0].Text);
    }

    /// <summary>Every beginning of a message, and every message with one byte changed, gets an answer and no failure of the server.</summary>
    [Fact]
    public async Task Messages_that_were_cut_or_changed_are_answered()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        byte[] whole = Steps(new Wire()
            .Message(1, new Wire().Message(4, new Wire().Message(1, new Wire().Message(3, new Wire().Number(2, 0L))).Message(1, new Wire().Message(6, new()))))
            .Message(2, new Wire().Text(1, "select ?, :b").Message(3, new Wire().ZigZag(2, -7)).Message(4, new Wire().Text(1, "b").Message(2, new Wire().Double(3, 0.5))).Number(5, 1L))).ToArray();
        for (int i = 0; i < whole.Length; i++)
        {
            await AnswersAsync(whole[..i]);
            foreach (int bit in (int[])[0, 1, 2, 3, 5, 7])
            {
                byte[] changed = [.. whole];
                changed[i] ^= (byte)(1 << bit);
                await AnswersAsync(changed);
            }
        }

        async Task AnswersAsync(byte[] bytes)
        {
            using var content = new ByteArrayContent(bytes);
            var reply = await server.SendBodyAsync(HttpMethod.Post, "/db/db/v3-protobuf/pipeline", content);
            Assert.True(reply.Status is 200 or 400, $"{reply.Status}: {Convert.ToHexString(bytes)}");
        }
    }

    [Theory]
    [InlineData("", "message")]
    [InlineData("1200", "request")]
    [InlineData("12020801", "request")]
    [InlineData("120608012202127F", "cut off")]
    [InlineData("12040801220A", "cut off")]
    [InlineData("120408012200", "stmt")]
    [InlineData("120408013200", "batch")]
    [InlineData("0801", "hello")]
    [InlineData("0A020801", "jwt")]
    [InlineData("FF", "does not end")]
    public async Task What_is_not_the_protocol_closes_the_connection(string hex, string word)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        using var socket = await HelloAsync(server, "/db/db", "hrana3-protobuf");
        await socket.SendAsync(Convert.FromHexString(hex), WebSocketMessageType.Binary, true, CancellationToken.None);
        Assert.Equal(WebSocketMessageType.Close, (await socket.ReceiveAsync(new byte[1024], CancellationToken.None)).MessageType);
        Assert.Equal(WebSocketCloseStatus.ProtocolError, socket.CloseStatus);
        Assert.Contains(word, socket.CloseStatusDescription, StringComparison.Ordinal);
        using var next = await HelloAsync(server, "/db/db", "hrana3-protobuf");
        await AskAsync(next, int.MinValue, """{"type":"open_stream","stream_id":-1}""");
        Assert.Equal("1", Rows(await AskAsync(next, 0, On(-1, Execute("select 1")))));
    }

    private static Wire Requests(Wire request) => new Wire().Message(2, request);

    private static Wire Executed(Wire statement) => Requests(new Wire().Message(2, new Wire().Message(1, statement)));

    private static Wire Steps(Wire step) => Requests(new Wire().Message(3, new Wire().Message(1, new Wire().Message(1, step))));

    private static string Hex(Wire wire) => Convert.ToHexString(wire.ToArray());
}
