using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansSqlite.Server;

/// <summary>A read level: <c>"strong"</c>, <c>{"atLeast":12}</c> or <c>{"staleBySeconds":2.5}</c>.</summary>
internal sealed class ReadLevelJsonConverter : JsonConverter<ReadLevel>
{
    private const string Forms = "The level is \"strong\", {\"atLeast\":version} or {\"staleBySeconds\":seconds}.";

    /// <summary>A day: whoever can bear older data than that wants a copy, and the time must fit a TimeSpan.</summary>
    private const double GreatestSeconds = 86_400;

    public override ReadLevel Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("strong"u8))
        {
            return ReadLevel.Strong;
        }

        if (reader.TokenType != JsonTokenType.StartObject || !reader.Read() || reader.TokenType != JsonTokenType.PropertyName)
        {
            throw new MalformedException(Forms);
        }

        var atLeast = reader.ValueTextEquals("atLeast"u8);
        if (!atLeast && !reader.ValueTextEquals("staleBySeconds"u8))
        {
            throw new MalformedException(Forms);
        }

        reader.Read();
        var level = atLeast ? AtLeast(ref reader) : StaleBy(ref reader);
        return reader.Read() && reader.TokenType == JsonTokenType.EndObject ? level : throw new MalformedException(Forms);
    }

    public override void Write(Utf8JsonWriter writer, ReadLevel value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Levels are only ever read.");

    private static ReadLevel AtLeast(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var version) && version >= 0
            ? ReadLevel.AtLeast(version)
            : throw new MalformedException("atLeast takes a version: an integer that is not negative.");

    private static ReadLevel StaleBy(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.GetDouble() is >= 0 and <= GreatestSeconds and var seconds
            ? ReadLevel.StaleBy(TimeSpan.FromSeconds(seconds))
            : throw new MalformedException("staleBySeconds takes a number from 0 to 86400.");
}
