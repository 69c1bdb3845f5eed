using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansSqlite.Server;

/// <summary>
/// The JSON form of a value, the same in requests and answers: null, text as a string, an integer as a number without fraction or
/// exponent, a real as a number with one, and objects of one member for what JSON cannot say:
/// <c>{"integer":"9007199254740993"}</c>, <c>{"real":"Infinity"}</c>, <c>{"blob":"base64"}</c>.
/// </summary>
public sealed class SqlValueJsonConverter : JsonConverter<SqlValue>
{
    /// <summary>The greatest integer that every JSON reader keeps exact: 2^53 − 1. Beyond it, and below its negative, the digits go as text.</summary>
    public const long GreatestPlainInteger = (1L << 53) - 1;

    private const string Positive = "Infinity";
    private const string Negative = "-Infinity";

    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override SqlValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Null => SqlValue.Null,
        JsonTokenType.String => SqlValue.From(Text(ref reader)),
        JsonTokenType.Number => Number(ref reader),
        // SQLite's own TRUE and FALSE are these integers.
        JsonTokenType.True => SqlValue.From(1L),
        JsonTokenType.False => SqlValue.From(0L),
        JsonTokenType.StartObject => Tagged(ref reader),
        _ => throw new MalformedException("A value is null, a number, a string, true, false, {\"integer\":…}, {\"real\":…} or {\"blob\":…}."),
    };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, SqlValue value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        WriteValue(writer, value);
    }

    /// <summary>Writes a value in its JSON form.</summary>
    public static void WriteValue(Utf8JsonWriter writer, SqlValue value)
    {
        ArgumentNullException.ThrowIfNull(writer);
        switch (value.Type)
        {
            case SqlType.Integer:
                WriteInteger(writer, value.AsInteger());
                break;
            case SqlType.Real:
                WriteReal(writer, value.AsReal());
                break;
            case SqlType.Text:
                writer.WriteStringValue(value.AsText());
                break;
            case SqlType.Blob:
                writer.WriteStartObject();
                writer.WriteBase64String("blob"u8, value.AsBlob().Span);
                writer.WriteEndObject();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static void WriteInteger(Utf8JsonWriter writer, long value)
    {
        if (value is >= -GreatestPlainInteger and <= GreatestPlainInteger)
        {
            writer.WriteNumberValue(value);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("integer"u8, value.ToString(CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }

    private static void WriteReal(Utf8JsonWriter writer, double value)
    {
        if (!double.IsFinite(value))
        {
            writer.WriteStartObject();
            writer.WriteString("real"u8, value > 0 ? Positive : Negative);
            writer.WriteEndObject();
            return;
        }

        Span<byte> digits = stackalloc byte[40];
        value.TryFormat(digits, out var length, "R", CultureInfo.InvariantCulture);
        if (digits[..length].IndexOfAny(".E"u8) < 0)
        {
            // A real that is whole keeps its kind by its fraction: 1.0, not 1.
            digits[length++] = (byte)'.';
            digits[length++] = (byte)'0';
        }

        writer.WriteRawValue(digits[..length], skipInputValidation: true);
    }

    private static SqlValue Number(ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> digits = reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan;
        if (digits.IndexOfAny(".eE"u8) >= 0)
        {
            return Finite(reader.GetDouble());
        }

        return reader.TryGetInt64(out var integer)
            ? SqlValue.From(integer)
            : throw new MalformedException("The integer does not fit into 64 bits. Send it as a string, or as a real with a fraction or exponent.");
    }

    private static SqlValue Finite(double value) => double.IsFinite(value)
        ? SqlValue.From(value)
        : throw new MalformedException("The number is beyond the range of a real. Send {\"real\":\"Infinity\"} if infinity is meant.");

    private static SqlValue Tagged(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
        {
            throw new MalformedException("An object as a value has one member: integer, real or blob.");
        }

        var tag = Text(ref reader);
        reader.Read();
        var value = tag switch
        {
            "integer" => Integer(ref reader),
            "real" => Real(ref reader),
            "blob" => Blob(ref reader),
            _ => throw new MalformedException($"An object as a value has one member: integer, real or blob, not '{tag}'."),
        };
        if (!reader.Read() || reader.TokenType != JsonTokenType.EndObject)
        {
            throw new MalformedException($"An object as a value has one member; this one has more than '{tag}'.");
        }

        return value;
    }

    private static SqlValue Integer(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number))
        {
            return SqlValue.From(number);
        }

        return reader.TokenType == JsonTokenType.String
            && long.TryParse(Text(ref reader), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var digits)
            ? SqlValue.From(digits)
            : throw new MalformedException("{\"integer\":…} takes the digits of an integer of 64 bits, as a string.");
    }

    private static SqlValue Real(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            return Finite(reader.GetDouble());
        }

        return reader.TokenType == JsonTokenType.String ? Text(ref reader) switch
        {
            Positive => SqlValue.From(double.PositiveInfinity),
            Negative => SqlValue.From(double.NegativeInfinity),
            _ => throw new MalformedException(WrongReal),
        }
        : throw new MalformedException(WrongReal);
    }

    private const string WrongReal = "{\"real\":…} takes a number, \"Infinity\" or \"-Infinity\".";

    private static SqlValue Blob(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetBytesFromBase64(out var bytes)
            ? SqlValue.From(bytes)
            : throw new MalformedException("{\"blob\":…} takes a string in base64.");

    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            // JSON can spell half of a surrogate pair; UTF-8, and so SQLite, cannot hold it.
            throw new MalformedException("The string is not valid Unicode.", error);
        }
    }
}
