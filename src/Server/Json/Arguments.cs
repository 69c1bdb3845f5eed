using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansSqlite.Server;

/// <summary>The parameters of a statement: an array for <c>?</c>, an object for <c>:name</c>.</summary>
[JsonConverter(typeof(ArgumentsJsonConverter))]
internal sealed record Arguments(IReadOnlyList<SqlValue> Positional, IReadOnlyDictionary<string, SqlValue> Named);

internal sealed class ArgumentsJsonConverter : JsonConverter<Arguments>
{
    private static readonly SqlValueJsonConverter Values = new();
    private static readonly Dictionary<string, SqlValue> NoNames = [];

    public override Arguments Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.StartArray => new([.. Array(ref reader, options)], NoNames),
        JsonTokenType.StartObject => new([], Object(ref reader, options)),
        _ => throw new MalformedException("The parameters are an array for ? or an object for :name."),
    };

    public override void Write(Utf8JsonWriter writer, Arguments value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Parameters are only ever read.");

    private static List<SqlValue> Array(ref Utf8JsonReader reader, JsonSerializerOptions options)
    {
        List<SqlValue> values = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            values.Add(Values.Read(ref reader, typeof(SqlValue), options));
        }

        return values;
    }

    private static Dictionary<string, SqlValue> Object(ref Utf8JsonReader reader, JsonSerializerOptions options)
    {
        Dictionary<string, SqlValue> values = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (!values.TryAdd(name, Values.Read(ref reader, typeof(SqlValue), options)))
            {
                throw new MalformedException($"The parameter '{name}' is given twice.");
            }
        }

        return values;
    }
}
