using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansSqlite.Server;

/// <summary>Writes results as JSON, in pieces: the endpoints and the command line give the same shapes.</summary>
internal static class ResultJson
{
    /// <summary>The answers are never part of a page, so only what JSON itself needs is escaped and text stays readable.</summary>
    public static readonly JsonWriterOptions Writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes what a batch gave.</summary>
    public static void Write(Utf8JsonWriter writer, BatchResult result)
    {
        writer.WriteStartObject();
        writer.WriteNumber("version"u8, result.Version);
        writer.WriteBoolean("repeated"u8, result.Repeated);
        writer.WriteStartArray("results"u8);
        foreach (var statement in result.Results)
        {
            Write(writer, statement);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Starts the answer to a query, up to the rows.</summary>
    public static void Start(Utf8JsonWriter writer, long version, IReadOnlyList<Column> columns)
    {
        writer.WriteStartObject();
        writer.WriteNumber("version"u8, version);
        WriteColumns(writer, columns);
        writer.WriteStartArray("rows"u8);
    }

    /// <summary>Writes what the first of several lines says: all of the answer but the rows.</summary>
    public static void WriteFirstLine(Utf8JsonWriter writer, long version, IReadOnlyList<Column> columns)
    {
        writer.WriteStartObject();
        writer.WriteNumber("version"u8, version);
        WriteColumns(writer, columns);
        writer.WriteEndObject();
    }

    /// <summary>Writes rows.</summary>
    public static void WriteRows(Utf8JsonWriter writer, IReadOnlyList<IReadOnlyList<SqlValue>> rows)
    {
        foreach (var row in rows)
        {
            WriteRow(writer, row);
        }
    }

    /// <summary>Writes a row.</summary>
    public static void WriteRow(Utf8JsonWriter writer, IReadOnlyList<SqlValue> row)
    {
        writer.WriteStartArray();
        foreach (var value in row)
        {
            SqlValueJsonConverter.WriteValue(writer, value);
        }

        writer.WriteEndArray();
    }

    /// <summary>Ends the answer to a query.</summary>
    public static void End(Utf8JsonWriter writer)
    {
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, StatementResult result)
    {
        writer.WriteStartObject();
        WriteColumns(writer, result.Columns);
        writer.WriteStartArray("rows"u8);
        WriteRows(writer, result.Rows);
        writer.WriteEndArray();
        writer.WriteNumber("changes"u8, result.Changes);
        writer.WritePropertyName("lastInsertRowId"u8);
        SqlValueJsonConverter.WriteValue(writer, SqlValue.From(result.LastInsertRowId));
        writer.WriteEndObject();
    }

    private static void WriteColumns(Utf8JsonWriter writer, IReadOnlyList<Column> columns)
    {
        writer.WriteStartArray("columns"u8);
        foreach (var column in columns)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, column.Name);
            writer.WriteString("type"u8, column.DeclaredType);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
