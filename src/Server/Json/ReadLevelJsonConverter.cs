using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansSqlite.Server;

/// <summary>
/// A read level: <c>"strong"</c>, <c>{"atLeast":12}</c>, <c>{"staleBySeconds":2.5}</c>, or a version of the past:
/// <c>{"atVersion":12}</c>, <c>{"atTime":"2026-11-23T04:30:00Z"}</c>, <c>{"atSnapshot":"name"}</c>.
/// </summary>
internal sealed class ReadLevelJsonConverter : JsonConverter<ReadLevel>
{
    private const string Forms =
        "The level is \"strong\", {\"atLeast\":version}, {\"staleBySeconds\":seconds}, {\"atVersion\":version}, {\"atTime\":\"time\"} or {\"atSnapshot\":\"name\"}.";

    /// <summary>A day: whoever can bear older data than that wants a copy, and the time must fit a TimeSpan.</summary>
    public const double GreatestSeconds = 86_400;

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

        var form = reader.GetString();
        reader.Read();
        var level = form switch
        {
            "atLeast" => ReadLevel.AtLeast(Version(ref reader, form)),
            "staleBySeconds" => StaleBy(ref reader),
            "atVersion" => ReadLevel.AtVersion(Version(ref reader, form)),
            "atTime" => AtTime(ref reader),
            "atSnapshot" => AtSnapshot(ref reader),
            _ => throw new MalformedException(Forms),
        };
        return reader.Read() && reader.TokenType == JsonTokenType.EndObject ? level : throw new MalformedException(Forms);
    }

    public override void Write(Utf8JsonWriter writer, ReadLevel value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Levels are only ever read.");

    private static long Version(ref Utf8JsonReader reader, string form) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var version) && version >= 0
            ? version
            : throw new MalformedException($"{form} takes a version: an integer that is not negative.");

    private static ReadLevel StaleBy(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.GetDouble() is >= 0 and <= GreatestSeconds and var seconds
            ? ReadLevel.StaleBy(TimeSpan.FromSeconds(seconds))
            : throw new MalformedException("staleBySeconds takes a number from 0 to 86400.");

    private static ReadLevel AtTime(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && InstantText.TryParse(reader.GetString()!, out var time)
            ? ReadLevel.AtTime(time)
            : throw new MalformedException($"atTime takes a time as a string: {InstantText.Form}.");

    private static ReadLevel AtSnapshot(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String
            ? ReadLevel.AtSnapshot(reader.GetString()!)
            : throw new MalformedException("atSnapshot takes the name of a snapshot as a string.");
}
