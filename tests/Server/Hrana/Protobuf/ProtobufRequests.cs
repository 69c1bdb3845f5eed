using System.Globalization;
using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>Requests that were written in JSON, as a client of protobuf would send them. The numbers are those of the specification.</summary>
internal static class ProtobufRequests
{
    public static Wire Pipeline(JsonElement json) =>
        Each(new Wire().Text(1, Text(json, "baton")), 2, json.GetProperty("requests"), OverHttp);

    public static Wire Cursor(JsonElement json) => new Wire().Text(1, Text(json, "baton")).Message(2, Batch(json));

    public static Wire Message(JsonElement json) => Text(json, "type") == "hello"
        ? new Wire().Message(1, new Wire().Text(1, Text(json, "jwt")))
        : new Wire().Message(2, OverSocket(json.GetProperty("request")).Number(1, Number(json, "request_id")));

    public static Wire OverHttp(JsonElement json) => Text(json, "type") switch
    {
        "close" => new Wire().Message(1, new()),
        "execute" => new Wire().Message(2, new Wire().Message(1, Statement(json))),
        "batch" => new Wire().Message(3, new Wire().Message(1, Batch(json))),
        "sequence" => new Wire().Message(4, new Wire().Text(1, Text(json, "sql")).Number(2, Number(json, "sql_id"))),
        "describe" => new Wire().Message(5, new Wire().Text(1, Text(json, "sql")).Number(2, Number(json, "sql_id"))),
        "store_sql" => new Wire().Message(6, StoreSql(json)),
        "close_sql" => new Wire().Message(7, new Wire().Number(1, Number(json, "sql_id"))),
        "get_autocommit" => new Wire().Message(8, new()),
        var other => throw new NotSupportedException(other),
    };

    private static Wire OverSocket(JsonElement json) => Text(json, "type") switch
    {
        "open_stream" => new Wire().Message(2, OfStream(json)),
        "close_stream" => new Wire().Message(3, OfStream(json)),
        "execute" => new Wire().Message(4, OfStream(json).Message(2, Statement(json))),
        "batch" => new Wire().Message(5, OfStream(json).Message(2, Batch(json))),
        "open_cursor" => new Wire().Message(6, OfStream(json).Number(2, Number(json, "cursor_id")).Message(3, Batch(json))),
        "close_cursor" => new Wire().Message(7, new Wire().Number(1, Number(json, "cursor_id"))),
        "fetch_cursor" => new Wire().Message(8, new Wire().Number(1, Number(json, "cursor_id")).Number(2, Number(json, "max_count"))),
        "sequence" => new Wire().Message(9, OfStream(json).Text(2, Text(json, "sql")).Number(3, Number(json, "sql_id"))),
        "describe" => new Wire().Message(10, OfStream(json).Text(2, Text(json, "sql")).Number(3, Number(json, "sql_id"))),
        "store_sql" => new Wire().Message(11, StoreSql(json)),
        "close_sql" => new Wire().Message(12, new Wire().Number(1, Number(json, "sql_id"))),
        "get_autocommit" => new Wire().Message(13, OfStream(json)),
        var other => throw new NotSupportedException(other),
    };

    private static Wire OfStream(JsonElement json) => new Wire().Number(1, Number(json, "stream_id"));

    private static Wire StoreSql(JsonElement json) => new Wire().Number(1, Number(json, "sql_id")).Text(2, Text(json, "sql"));

    private static Wire? Batch(JsonElement json) => json.TryGetProperty("batch", out var batch)
        ? Each(new Wire(), 1, batch.GetProperty("steps"), step =>
            new Wire().Message(1, step.TryGetProperty("condition", out var condition) ? Condition(condition) : null).Message(2, Statement(step)))
        : null;

    private static Wire? Statement(JsonElement json)
    {
        if (!json.TryGetProperty("stmt", out var statement))
        {
            return null;
        }

        var wire = new Wire().Text(1, Text(statement, "sql")).Number(2, Number(statement, "sql_id"));
        if (statement.TryGetProperty("args", out var arguments))
        {
            Each(wire, 3, arguments, Value);
        }

        if (statement.TryGetProperty("named_args", out var named))
        {
            Each(wire, 4, named, one => new Wire().Text(1, Text(one, "name")).Message(2, Value(one.GetProperty("value"))));
        }

        return wire.Number(5, statement.TryGetProperty("want_rows", out var wanted) ? (wanted.GetBoolean() ? 1L : 0L) : null);
    }

    private static Wire Condition(JsonElement json) => Text(json, "type") switch
    {
        // As the protocol has it: a step is a number without a sign.
        "ok" => new Wire().Number(1, unchecked((uint?)Number(json, "step"))),
        "error" => new Wire().Number(2, unchecked((uint?)Number(json, "step"))),
        "not" => new Wire().Message(3, Condition(json.GetProperty("cond"))),
        "and" => new Wire().Message(4, Each(new Wire(), 1, json.GetProperty("conds"), Condition)),
        "or" => new Wire().Message(5, Each(new Wire(), 1, json.GetProperty("conds"), Condition)),
        "is_autocommit" => new Wire().Message(6, new()),
        var other => throw new NotSupportedException(other),
    };

    private static Wire Value(JsonElement json) => Text(json, "type") switch
    {
        "null" => new Wire().Message(1, new()),
        "integer" => new Wire().ZigZag(2, long.Parse(Text(json, "value")!, CultureInfo.InvariantCulture)),
        "float" => new Wire().Double(3, json.GetProperty("value").GetDouble()),
        "text" => new Wire().Text(4, Text(json, "value")),
        "blob" => new Wire().Bytes(5, Convert.FromBase64String(Text(json, "base64")!.PadRight((Text(json, "base64")!.Length + 3) / 4 * 4, '='))),
        var other => throw new NotSupportedException(other),
    };

    private static Wire Each(Wire wire, int field, JsonElement items, Func<JsonElement, Wire> write)
    {
        foreach (var item in items.EnumerateArray())
        {
            wire.Message(field, write(item));
        }

        return wire;
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var text) ? text.GetString() : null;

    private static long? Number(JsonElement json, string name) => json.TryGetProperty(name, out var number) ? number.GetInt64() : null;
}
