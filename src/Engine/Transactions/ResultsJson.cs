using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansSqlite.Transactions;

/// <summary>Results of statements as JSON, for the operation log: each value is [class, content], exact.</summary>
internal static class ResultsJson
{
    /// <summary>Writes results.</summary>
    public static string Write(IReadOnlyList<StatementResult> results) => new JsonArray([.. results.Select(result => (JsonNode)new JsonObject
    {
        ["columns"] = new JsonArray([.. result.Columns.Select(column => new JsonArray(column.Name, column.DeclaredType))]),
        ["rows"] = new JsonArray([.. result.Rows.Select(row => new JsonArray([.. row.Select(Encode)]))]),
        ["changes"] = result.Changes,
        ["rowid"] = result.LastInsertRowId,
    })]).ToJsonString();

    /// <summary>Reads results.</summary>
    public static IReadOnlyList<StatementResult> Read(string json) =>
        [.. JsonNode.Parse(json)!.AsArray().Select(result => new StatementResult(
            [.. result!["columns"]!.AsArray().Select(column => new Column((string)column![0]!, (string?)column[1]))],
            [.. result["rows"]!.AsArray().Select(row => (IReadOnlyList<SqlValue>)[.. row!.AsArray().Select(Decode)])],
            (long)result["changes"]!,
            (long)result["rowid"]!))];

    private static JsonArray Encode(SqlValue value) => value.Type switch
    {
        SqlType.Integer => new JsonArray("i", value.AsInteger()),
        SqlType.Real => new JsonArray("r", BitConverter.DoubleToInt64Bits(value.AsReal())),
        SqlType.Text => new JsonArray("t", value.AsText()),
        SqlType.Blob => new JsonArray("b", Convert.ToBase64String(value.AsBlob().Span)),
        _ => new JsonArray("n"),
    };

    private static SqlValue Decode(JsonNode? node) => (string)node![0]! switch
    {
        "i" => SqlValue.From((long)node[1]!),
        "r" => SqlValue.From(BitConverter.Int64BitsToDouble((long)node[1]!)),
        "t" => SqlValue.From((string)node[1]!),
        "b" => SqlValue.From(Convert.FromBase64String((string)node[1]!)),
        _ => SqlValue.Null,
    };
}
