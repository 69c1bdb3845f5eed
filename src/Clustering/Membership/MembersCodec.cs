using System.Text.Json;
using Orleans.Runtime;

namespace OrleansSqlite.Clustering.Membership;

/// <summary>The table as bytes: JSON.</summary>
internal static class MembersCodec
{
    public static byte[] Encode(MembersDocument document) => JsonSerializer.SerializeToUtf8Bytes(document, MembersJson.Default.MembersDocument);

    /// <summary>The number of the format, whatever else there is.</summary>
    /// <exception cref="JsonException">It is no JSON, or has no such number.</exception>
    public static int FormatOf(ReadOnlySpan<byte> content) =>
        (JsonSerializer.Deserialize(content, MembersJson.Default.AnyFormat) ?? throw new JsonException("It is null.")).Format;

    /// <exception cref="JsonException">It is no table.</exception>
    /// <exception cref="FormatException">An address in it is none.</exception>
    public static MembersDocument Decode(ReadOnlySpan<byte> content)
    {
        var document = JsonSerializer.Deserialize(content, MembersJson.Default.MembersDocument)!;
        foreach (var member in document.Members)
        {
            _ = SiloAddress.Parse(member.Silo);
        }

        return document;
    }
}
