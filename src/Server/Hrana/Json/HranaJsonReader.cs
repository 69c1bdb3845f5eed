using System.Globalization;
using System.Text.Json;

namespace OrleansSqlite.Server.Hrana;

/// <summary>Requests in JSON.</summary>
internal static class HranaJsonReader
{
    public static PipelineRequest Pipeline(JsonElement json) => new(FindText(json, "baton"), [.. Items(Member(json, "requests"), "requests").Select(Request)]);

    public static CursorRequest Cursor(JsonElement json) => new(FindText(json, "baton"), Steps(Member(json, "batch")));

    public static ClientMessage Message(JsonElement json) => Text(json, "type") switch
    {
        "hello" => new ClientMessage.Hello(FindText(json, "jwt")),
        "request" => new ClientMessage.Request(Number(json, "request_id"), Asked(Member(json, "request"))),
        var other => throw HranaException.Malformed($"The message \"{other}\" is not known."),
    };

    private static SocketRequest Asked(JsonElement json) => Text(json, "type") switch
    {
        "open_stream" => new SocketRequest.OpenStream(Number(json, "stream_id")),
        "close_stream" => new SocketRequest.CloseStream(Number(json, "stream_id")),
        "open_cursor" => new SocketRequest.OpenCursor(Number(json, "stream_id"), Number(json, "cursor_id"), Steps(Member(json, "batch"))),
        "fetch_cursor" => new SocketRequest.FetchCursor(Number(json, "cursor_id"), Number(json, "max_count")),
        "close_cursor" => new SocketRequest.CloseCursor(Number(json, "cursor_id")),
        "store_sql" => new SocketRequest.StoreSql(Number(json, "sql_id"), Text(json, "sql")),
        "close_sql" => new SocketRequest.CloseSql(Number(json, "sql_id")),
        _ => new SocketRequest.OfStream(Number(json, "stream_id"), Request(json)),
    };

    private static HranaRequest Request(JsonElement json) => Text(json, "type") switch
    {
        "close" => new HranaRequest.Close(),
        "execute" => new HranaRequest.Execute(Statement(Member(json, "stmt"))),
        "batch" => new HranaRequest.Batch(Steps(Member(json, "batch"))),
        "sequence" => new HranaRequest.Sequence(Sql(json)),
        "describe" => new HranaRequest.Describe(Sql(json)),
        "store_sql" => new HranaRequest.StoreSql(Number(json, "sql_id"), Text(json, "sql")),
        "close_sql" => new HranaRequest.CloseSql(Number(json, "sql_id")),
        "get_autocommit" => new HranaRequest.GetAutocommit(),
        var other => throw HranaException.Malformed($"The request \"{other}\" is not known."),
    };

    private static BatchStep[] Steps(JsonElement batch) =>
    [
        .. Items(Member(batch, "steps"), "steps").Select(step => new BatchStep(
            Find(step, "condition") is { } condition ? Condition(condition) : null, Statement(Member(step, "stmt")))),
    ];

    private static JsonElement Member(JsonElement json, string name) =>
        Find(json, name) ?? throw HranaException.Malformed($"\"{name}\" is missing.");

    private static JsonElement? Find(JsonElement json, string name)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw HranaException.Malformed($"An object with \"{name}\" was expected, and {json.ValueKind} came.");
        }

        return json.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;
    }

    private static string Text(JsonElement json, string name) =>
        FindText(json, name) ?? throw HranaException.Malformed($"\"{name}\" is missing.");

    private static string? FindText(JsonElement json, string name) => Find(json, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        _ => throw HranaException.Malformed($"\"{name}\" is not a text."),
    };

    private static int Number(JsonElement json, string name) =>
        FindNumber(json, name) ?? throw HranaException.Malformed($"\"{name}\" is missing.");

    private static JsonElement.ArrayEnumerator Items(JsonElement json, string name) => json.ValueKind == JsonValueKind.Array
        ? json.EnumerateArray()
        : throw HranaException.Malformed($"\"{name}\" is not an array.");

    private static int? FindNumber(JsonElement json, string name) => Find(json, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out int value) => value,
        _ => throw HranaException.Malformed($"\"{name}\" is not a whole number of 32 bits."),
    };

    private static SqlReference Sql(JsonElement json) => new(FindText(json, "sql"), FindNumber(json, "sql_id"));

    private static HranaStatement Statement(JsonElement json) => new(
        Sql(json),
        Find(json, "args") is { } arguments ? [.. Items(arguments, "args").Select(Value)] : [],
        Find(json, "named_args") is { } named
            ? [.. Items(named, "named_args").Select(one => KeyValuePair.Create(Text(one, "name"), Value(Member(one, "value"))))]
            : [],
        Find(json, "want_rows") is not { ValueKind: JsonValueKind.False });

    private static BatchCondition Condition(JsonElement json) => Text(json, "type") switch
    {
        "ok" => new BatchCondition.Ok(Number(json, "step")),
        "error" => new BatchCondition.Failed(Number(json, "step")),
        "not" => new BatchCondition.Not(Condition(Member(json, "cond"))),
        "and" => new BatchCondition.And(Conditions(json)),
        "or" => new BatchCondition.Or(Conditions(json)),
        "is_autocommit" => new BatchCondition.IsAutocommit(),
        var other => throw HranaException.Malformed($"The condition \"{other}\" is not known."),
    };

    private static BatchCondition[] Conditions(JsonElement json) => [.. Items(Member(json, "conds"), "conds").Select(Condition)];

    private static SqlValue Value(JsonElement json)
    {
        switch (Text(json, "type"))
        {
            case "null":
                return SqlValue.Null;
            case "integer":
                // As a text: a number of JSON is none of 64 bits in JavaScript.
                return long.TryParse(Text(json, "value"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer)
                    ? SqlValue.From(integer)
                    : throw HranaException.Malformed("An integer does not fit 64 bits.");
            case "float":
                return Member(json, "value") is { ValueKind: JsonValueKind.Number } number
                    ? SqlValue.From(number.GetDouble())
                    : throw HranaException.Malformed("A float is a number of JSON.");
            case "text":
                return SqlValue.From(Text(json, "value"));
            case "blob":
                return SqlValue.From(Blob(Text(json, "base64")));
            case var other:
                throw HranaException.Malformed($"The type \"{other}\" of a value is not known.");
        }
    }

    /// <summary>Clients leave the padding out.</summary>
    private static byte[] Blob(string base64)
    {
        try
        {
            string text = base64.TrimEnd('=');
            return Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
        }
        catch (FormatException)
        {
            throw HranaException.Malformed("A blob is not in base64.");
        }
    }
}
