using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansSqlite.Server;

namespace OrleansSqlite.Tests;

public sealed class ValueTests
{
    public static TheoryData<string, string, string> Values => new()
    {
        // What is sent, what SQLite takes it for, what comes back.
        { "null", "null", "null" },
        { "0", "integer", "0" },
        { "-0", "integer", "0" },
        { "9007199254740991", "integer", "9007199254740991" },
        { "-9007199254740991", "integer", "-9007199254740991" },
        { "9007199254740992", "integer", """{"integer":"9007199254740992"}""" },
        { """{"integer":"9007199254740993"}""", "integer", """{"integer":"9007199254740993"}""" },
        { "9007199254740993", "integer", """{"integer":"9007199254740993"}""" },
        { """{"integer":"-9223372036854775808"}""", "integer", """{"integer":"-9223372036854775808"}""" },
        { "9223372036854775807", "integer", """{"integer":"9223372036854775807"}""" },
        { """{"integer":"12"}""", "integer", "12" },
        { """{"integer":12}""", "integer", "12" },
        { "true", "integer", "1" },
        { "false", "integer", "0" },
        { "1.0", "real", "1.0" },
        { "1e0", "real", "1.0" },
        { """{"real":1}""", "real", "1.0" },
        { "-0.5", "real", "-0.5" },
        { "0.1", "real", "0.1" },
        { "1e308", "real", "1E+308" },
        { "5e-324", "real", "5E-324" },
        { "1.7976931348623157e308", "real", "1.7976931348623157E+308" },
        { "100000000000000000000.0", "real", "1E+20" },
        { "9007199254740993.0", "real", "9007199254740992.0" },
        { """{"real":"Infinity"}""", "real", """{"real":"Infinity"}""" },
        { """{"real":"-Infinity"}""", "real", """{"real":"-Infinity"}""" },
        { "\"\"", "text", "\"\"" },
        { "\"1\"", "text", "\"1\"" },
        { "\"grüße, 世界\"", "text", "\"grüße, 世界\"" },
        { "\"\\ud83d\\ude00\"", "text", "\"\\uD83D\\uDE00\"" },
        { "\"a\\u0000b\"", "text", "\"a\\u0000b\"" },
        { "\"\\\" \\\\ \\n \\t <&>\"", "text", "\"\\\" \\\\ \\n \\t <&>\"" },
        { """{"blob":""}""", "blob", """{"blob":""}""" },
        { """{"blob":"AP8="}""", "blob", """{"blob":"AP8="}""" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public async Task A_value_goes_in_and_comes_out_the_same(string sent, string type, string received)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(v)");
        Assert.Equal(200, (await server.ExecuteAsync("db", $$"""{"statements":[{"sql":"insert into t values (?)","args":[{{sent}}]}]}""")).Status);
        var rows = (await server.QueryAsync("db", """{"sql":"select typeof(v), v from t"}""")).Json.GetProperty("rows");
        Assert.Equal(type, rows[0][0].GetString());
        Assert.Equal(received, rows[0][1].GetRawText());

        // What came out goes in again, by name this time.
        var again = await server.QueryAsync("db", $$"""{"sql":"select typeof(:v), :v, (select v from t) is :v","args":{"v":{{received}} } }""");
        Assert.Equal($"[\"{type}\",{received},1]", again.Json.GetProperty("rows")[0].GetRawText());
    }

    [Theory]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("1e309")]
    [InlineData("{\"real\":1e309}")]
    [InlineData("{\"integer\":\"9223372036854775808\"}")]
    [InlineData("{\"integer\":\"1.5\"}")]
    [InlineData("{\"integer\":1.5}")]
    [InlineData("{\"integer\":null}")]
    [InlineData("{\"real\":\"NaN\"}")]
    [InlineData("{\"real\":true}")]
    [InlineData("{\"blob\":\"AP8\"}")]
    [InlineData("{\"blob\":\"%%%%\"}")]
    [InlineData("{\"blob\":[1]}")]
    [InlineData("{\"text\":\"a\"}")]
    [InlineData("{}")]
    [InlineData("{\"blob\":\"\",\"real\":1}")]
    [InlineData("[1]")]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"\\udc00 x\"")]
    public async Task What_is_no_value_is_refused(string value)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        (await server.QueryAsync("db", $$"""{"sql":"select ?","args":[{{value}}]}""")).Problem(400, "Invalid", ErrorCodes.BadArgument);
        (await server.QueryAsync("db", $$"""{"sql":"select :v","args":{"v":{{value}} } }""")).Problem(400, "Invalid", ErrorCodes.BadArgument);
    }

    [Fact]
    public void Any_value_survives_the_JSON_form()
    {
        var random = new Random(20260101);
        var options = new JsonSerializerOptions { Converters = { new SqlValueJsonConverter() } };
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(20)];
            random.NextBytes(bytes);
            var value = random.Next(5) switch
            {
                0 => SqlValue.Null,
                1 => SqlValue.From(random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)),
                2 => SqlValue.From(BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))),
                3 => SqlValue.From(Encoding.UTF8.GetString(bytes)),
                _ => SqlValue.From(bytes),
            };
            var json = JsonSerializer.Serialize(value, options);
            Assert.True(value == JsonSerializer.Deserialize<SqlValue>(json, options), string.Create(CultureInfo.InvariantCulture, $"{value.Type} {value} became {json}"));
        }
    }
}
