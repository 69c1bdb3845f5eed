using System.Globalization;
using System.Text.Json;

namespace OrleansSqlite.Server.Hrana;

/// <summary>Answers in JSON.</summary>
internal static class HranaJsonWriter
{
    public static void Error(Utf8JsonWriter json, HranaError error)
    {
        json.WriteStartObject();
        json.WriteString("message", error.Message);
        json.WriteString("code", error.Code);
        json.WriteEndObject();
    }

    public static void Pipeline(Utf8JsonWriter json, PipelineAnswer answer)
    {
        json.WriteStartObject();
        Baton(json, answer.Baton);
        json.WriteStartArray("results");
        foreach (var result in answer.Results)
        {
            Result(json, result);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void Cursor(Utf8JsonWriter json, string baton)
    {
        json.WriteStartObject();
        Baton(json, baton);
        json.WriteEndObject();
    }

    public static void Message(Utf8JsonWriter json, ServerMessage message)
    {
        json.WriteStartObject();
        switch (message)
        {
            case ServerMessage.HelloOk:
                json.WriteString("type", "hello_ok");
                break;
            case ServerMessage.HelloError refused:
                json.WriteString("type", "hello_error");
                json.WritePropertyName("error");
                Error(json, refused.Error);
                break;
            case ServerMessage.ResponseOk answered:
                json.WriteString("type", "response_ok");
                json.WriteNumber("request_id", answered.RequestId);
                json.WritePropertyName("response");
                Response(json, answered.Response);
                break;
            case ServerMessage.ResponseError failed:
                json.WriteString("type", "response_error");
                json.WriteNumber("request_id", failed.RequestId);
                json.WritePropertyName("error");
                Error(json, failed.Error);
                break;
        }

        json.WriteEndObject();
    }

    private static void Response(Utf8JsonWriter json, HranaResponse response)
    {
        json.WriteStartObject();
        json.WriteString("type", response.Type);
        switch (response)
        {
            case HranaResponse.Execute execute:
                json.WritePropertyName("result");
                Statement(json, execute.Result);
                break;
            case HranaResponse.Batch batch:
                json.WriteStartObject("result");
                Array(json, "step_results", batch.Result.Results, Statement);
                Array(json, "step_errors", batch.Result.Errors, Error);
                json.WriteEndObject();
                break;
            case HranaResponse.Describe describe:
                json.WritePropertyName("result");
                Describe(json, describe.Result);
                break;
            case HranaResponse.GetAutocommit autocommit:
                json.WriteBoolean("is_autocommit", autocommit.IsAutocommit);
                break;
            case HranaResponse.FetchCursor fetched:
                Array(json, "entries", fetched.Entries, Entry);
                json.WriteBoolean("done", fetched.IsDone);
                break;
        }

        json.WriteEndObject();
    }

    public static void Entry(Utf8JsonWriter json, CursorEntry entry)
    {
        json.WriteStartObject();
        switch (entry)
        {
            case CursorEntry.StepBegin begin:
                json.WriteString("type", "step_begin");
                json.WriteNumber("step", begin.Step);
                Columns(json, begin.Columns);
                break;
            case CursorEntry.Row row:
                json.WriteString("type", "row");
                json.WritePropertyName("row");
                Row(json, row.Values);
                break;
            case CursorEntry.StepEnd end:
                json.WriteString("type", "step_end");
                Counts(json, end.AffectedRows, end.LastInsertRowId);
                break;
            case CursorEntry.StepError failed:
                json.WriteString("type", "step_error");
                json.WriteNumber("step", failed.Step);
                json.WritePropertyName("error");
                Error(json, failed.Error);
                break;
        }

        json.WriteEndObject();
    }

    private static void Baton(Utf8JsonWriter json, string? baton)
    {
        json.WriteString("baton", baton);
        json.WriteNull("base_url");
    }

    private static void Result(Utf8JsonWriter json, HranaResult result)
    {
        json.WriteStartObject();
        if (result.Error is { } error)
        {
            json.WriteString("type", "error");
            json.WritePropertyName("error");
            Error(json, error);
        }
        else
        {
            json.WriteString("type", "ok");
            json.WritePropertyName("response");
            Response(json, result.Response!);
        }

        json.WriteEndObject();
    }

    private static void Statement(Utf8JsonWriter json, StatementAnswer answer)
    {
        json.WriteStartObject();
        Columns(json, answer.Columns);
        Array(json, "rows", answer.Rows, Row);
        Counts(json, answer.AffectedRows, answer.LastInsertRowId);
        json.WriteEndObject();
    }

    private static void Counts(Utf8JsonWriter json, long affectedRows, long lastInsertRowId)
    {
        json.WriteNumber("affected_row_count", affectedRows);
        json.WriteString("last_insert_rowid", lastInsertRowId.ToString(CultureInfo.InvariantCulture));
    }

    private static void Columns(Utf8JsonWriter json, IReadOnlyList<HranaColumn> columns) => Array(json, "cols", columns, static (json, column) =>
    {
        json.WriteStartObject();
        json.WriteString("name", column.Name);
        json.WriteString("decltype", column.DeclaredType);
        json.WriteEndObject();
    });

    private static void Describe(Utf8JsonWriter json, DescribeAnswer answer)
    {
        json.WriteStartObject();
        Array(json, "params", answer.Parameters, static (json, name) =>
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteEndObject();
        }, nullIsValue: true);
        Columns(json, answer.Columns);
        json.WriteBoolean("is_explain", answer.IsExplain);
        json.WriteBoolean("is_readonly", answer.IsReadOnly);
        json.WriteEndObject();
    }

    private static void Row(Utf8JsonWriter json, SqlValue[] values)
    {
        json.WriteStartArray();
        foreach (var value in values)
        {
            Value(json, value);
        }

        json.WriteEndArray();
    }

    private static void Value(Utf8JsonWriter json, SqlValue value)
    {
        json.WriteStartObject();
        switch (value.Type)
        {
            case SqlType.Null:
                json.WriteString("type", "null");
                break;
            case SqlType.Integer:
                json.WriteString("type", "integer");
                json.WriteString("value", value.AsInteger().ToString(CultureInfo.InvariantCulture));
                break;
            case SqlType.Real:
                json.WriteString("type", "float");
                if (double.IsFinite(value.AsReal()))
                {
                    json.WriteNumber("value", value.AsReal());
                }
                else
                {
                    // JSON has no infinity; what is read from this overflows to it.
                    json.WritePropertyName("value");
                    json.WriteRawValue(value.AsReal() > 0 ? "1e999" : "-1e999", skipInputValidation: true);
                }

                break;
            case SqlType.Text:
                json.WriteString("type", "text");
                json.WriteString("value", value.AsText());
                break;
            default:
                json.WriteString("type", "blob");
                json.WriteBase64String("base64", value.AsBlob().Span);
                break;
        }

        json.WriteEndObject();
    }

    private static void Array<T>(Utf8JsonWriter json, string name, IReadOnlyList<T?> items, Action<Utf8JsonWriter, T> write, bool nullIsValue = false)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            if (item is null && !nullIsValue)
            {
                json.WriteNullValue();
            }
            else
            {
                write(json, item!);
            }
        }

        json.WriteEndArray();
    }
}
