using System.Text.Json;

namespace OrleansSqlite.Server;

/// <summary>JSON that is well-formed but not what is expected, said in words for the caller. The serializer adds where it stands.</summary>
internal sealed class MalformedException(string message, Exception? inner = null) : JsonException(message, inner)
{
    /// <summary>What is wrong with a body, and where.</summary>
    public static string Describe(JsonException error) => $"The body is not what is expected here: {What(error)}";

    /// <summary>What is wrong, and where.</summary>
    public static string What(JsonException error)
    {
        // What the reader says about syntax is for all; what the serializer says about types is for those who know this code.
        var what = error switch
        {
            MalformedException or { Path: null } => error.Message,
            { InnerException: JsonException syntax } => syntax.Message,
            _ => "a member is unknown, missing or given twice, or a value is of the wrong kind.",
        };
        return error.Path is { } path ? $"at {path}: {what}" : what;
    }
}
