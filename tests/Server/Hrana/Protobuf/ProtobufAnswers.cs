using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansSqlite.Tests;

/// <summary>Answers that came in protobuf, as they would be in JSON. A field that the specification does not have fails the test.</summary>
internal static class ProtobufAnswers
{
    public static JsonNode Pipeline(ReadOnlyMemory<byte> bytes)
    {
        var it = WireField.Read(bytes, 1, 2, 3);
        return new JsonObject { ["baton"] = Text(it[1]), ["base_url"] = Text(it[2]), ["results"] = Each(it[3], Result) };
    }

    /// <summary>The lines of a cursor.</summary>
    public static string Cursor(ReadOnlyMemory<byte> bytes)
    {
        var head = WireField.Read(WireField.Delimited(ref bytes), 1, 2);
        List<JsonNode> lines = [new JsonObject { ["baton"] = Text(head[1]), ["base_url"] = Text(head[2]) }];
        while (!bytes.IsEmpty)
        {
            lines.Add(Entry(WireField.Delimited(ref bytes)));
        }

        return string.Concat(lines.Select(line => line.ToJsonString() + "\n"));
    }

    public static JsonNode Message(ReadOnlyMemory<byte> bytes)
    {
        var one = Assert.Single(WireField.Read(bytes, 1, 2, 3, 4).Values.SelectMany(fields => fields));
        switch (one.Number)
        {
            case 1:
                WireField.Read(one.Bytes);
                return new JsonObject { ["type"] = "hello_ok" };
            case 2:
                return new JsonObject { ["type"] = "hello_error", ["error"] = Error(Assert.Single(WireField.Read(one.Bytes, 1)[1]).Bytes) };
            case 3:
                var ok = WireField.Read(one.Bytes, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
                var response = Assert.Single(ok.Where(field => field.Key > 1).SelectMany(field => field.Value));
                string[] types = ["open_stream", "close_stream", "execute", "batch", "open_cursor", "close_cursor", "fetch_cursor", "sequence", "describe", "store_sql", "close_sql", "get_autocommit"];
                return new JsonObject { ["type"] = "response_ok", ["request_id"] = Int(ok[1]), ["response"] = Response(types[response.Number - 2], response.Bytes) };
            default:
                var failed = WireField.Read(one.Bytes, 1, 2);
                return new JsonObject { ["type"] = "response_error", ["request_id"] = Int(failed[1]), ["error"] = Error(Assert.Single(failed[2]).Bytes) };
        }
    }

    public static JsonNode Error(ReadOnlyMemory<byte> bytes)
    {
        var it = WireField.Read(bytes, 1, 2);
        return new JsonObject { ["message"] = Text(it[1]) ?? "", ["code"] = Text(it[2]) };
    }

    private static JsonNode Result(ReadOnlyMemory<byte> bytes)
    {
        var one = Assert.Single(WireField.Read(bytes, 1, 2).Values.SelectMany(fields => fields));
        if (one.Number == 2)
        {
            return new JsonObject { ["type"] = "error", ["error"] = Error(one.Bytes) };
        }

        var response = Assert.Single(WireField.Read(one.Bytes, 1, 2, 3, 4, 5, 6, 7, 8).Values.SelectMany(fields => fields));
        string[] types = ["close", "execute", "batch", "sequence", "describe", "store_sql", "close_sql", "get_autocommit"];
        return new JsonObject { ["type"] = "ok", ["response"] = Response(types[response.Number - 1], response.Bytes) };
    }

    private static JsonObject Response(string type, ReadOnlyMemory<byte> bytes)
    {
        var it = WireField.Read(bytes, type switch { "execute" or "batch" or "describe" or "get_autocommit" => [1], "fetch_cursor" => [1, 2], _ => [] });
        var json = new JsonObject { ["type"] = type };
        switch (type)
        {
            case "execute":
                json["result"] = Statement(Assert.Single(it[1]).Bytes);
                break;
            case "batch":
                var batch = WireField.Read(Assert.Single(it[1]).Bytes, 1, 2);
                json["result"] = new JsonObject { ["step_results"] = Steps(batch[1], Statement), ["step_errors"] = Steps(batch[2], Error) };
                break;
            case "describe":
                json["result"] = Describe(Assert.Single(it[1]).Bytes);
                break;
            case "get_autocommit":
                json["is_autocommit"] = Flag(it[1]);
                break;
            case "fetch_cursor":
                json["entries"] = Each(it[1], Entry);
                json["done"] = Flag(it[2]);
                break;
        }

        return json;
    }

    private static JsonNode Entry(ReadOnlyMemory<byte> bytes)
    {
        var one = Assert.Single(WireField.Read(bytes, 1, 2, 3, 4).Values.SelectMany(fields => fields));
        if (one.Number == 4)
        {
            return new JsonObject { ["type"] = "row", ["row"] = Row(one.Bytes) };
        }

        var it = WireField.Read(one.Bytes, 1, 2);
        return one.Number switch
        {
            1 => new JsonObject { ["type"] = "step_begin", ["step"] = Int(it[1]), ["cols"] = Each(it[2], Column) },
            2 => new JsonObject { ["type"] = "step_end", ["affected_row_count"] = Int(it[1]), ["last_insert_rowid"] = Long(it[2]) },
            _ => new JsonObject { ["type"] = "step_error", ["step"] = Int(it[1]), ["error"] = Error(Assert.Single(it[2]).Bytes) },
        };
    }

    private static JsonObject Statement(ReadOnlyMemory<byte> bytes)
    {
        var it = WireField.Read(bytes, 1, 2, 3, 4);
        return new JsonObject { ["cols"] = Each(it[1], Column), ["rows"] = Each(it[2], Row), ["affected_row_count"] = Int(it[3]), ["last_insert_rowid"] = Long(it[4]) };
    }

    /// <summary>In JSON a step has a place in both arrays; here it has a key. What there are places for is not told, so up to the last one and some more.</summary>
    private static JsonArray Steps(List<WireField> entries, Func<ReadOnlyMemory<byte>, JsonNode> read)
    {
        var steps = new JsonNode?[10];
        foreach (var entry in entries)
        {
            var it = WireField.Read(entry.Bytes, 1, 2);
            steps[Int(it[1])] = read(it[2].Count == 0 ? default : it[2][0].Bytes);
        }

        return new JsonArray(steps);
    }

    private static JsonObject Describe(ReadOnlyMemory<byte> bytes)
    {
        var it = WireField.Read(bytes, 1, 2, 3, 4);
        return new JsonObject
        {
            ["params"] = Each(it[1], parameter => new JsonObject { ["name"] = Text(WireField.Read(parameter, 1)[1]) }),
            ["cols"] = Each(it[2], Column),
            ["is_explain"] = Flag(it[3]),
            ["is_readonly"] = Flag(it[4]),
        };
    }

    private static JsonObject Column(ReadOnlyMemory<byte> bytes)
    {
        var it = WireField.Read(bytes, 1, 2);
        return new JsonObject { ["name"] = Text(it[1]), ["decltype"] = Text(it[2]) };
    }

    private static JsonNode Row(ReadOnlyMemory<byte> bytes) => Each(WireField.Read(bytes, 1)[1], Value);

    private static JsonNode Value(ReadOnlyMemory<byte> bytes)
    {
        var one = Assert.Single(WireField.Read(bytes, 1, 2, 3, 4, 5).Values.SelectMany(fields => fields));
        Assert.Equal(one.Number switch { 2 => 0, 3 => 1, _ => 2 }, one.Type);
        return one.Number switch
        {
            1 => new JsonObject { ["type"] = "null" },
            2 => new JsonObject { ["type"] = "integer", ["value"] = one.ZigZag.ToString(CultureInfo.InvariantCulture) },
            3 => new JsonObject { ["type"] = "float", ["value"] = one.Double },
            4 => new JsonObject { ["type"] = "text", ["value"] = one.Text },
            _ => new JsonObject { ["type"] = "blob", ["base64"] = Convert.ToBase64String(one.Bytes.Span) },
        };
    }

    private static JsonArray Each(List<WireField> fields, Func<ReadOnlyMemory<byte>, JsonNode> read) => new([.. fields.Select(field => read(field.Bytes))]);

    private static string? Text(List<WireField> fields) => fields.Count == 0 ? null : Assert.Single(fields).Text;

    private static int Int(List<WireField> fields) => fields.Count == 0 ? 0 : unchecked((int)Assert.Single(fields).Value);

    private static string Long(List<WireField> fields) => Assert.Single(fields).ZigZag.ToString(CultureInfo.InvariantCulture);

    private static bool Flag(List<WireField> fields) => Int(fields) == 1;
}
