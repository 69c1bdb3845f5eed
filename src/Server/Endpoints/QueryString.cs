using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>Reads what stands behind the question mark. Nothing is guessed: a value that can't be read is refused, not left out.</summary>
internal static class QueryString
{
    private const string AtLeast = "atLeast";
    private const string StaleBySeconds = "staleBySeconds";
    private const string AtVersion = "atVersion";
    private const string AtTime = "atTime";
    private const string AtSnapshot = "atSnapshot";

    /// <summary>A whole number, if it is there.</summary>
    /// <exception cref="RequestException">It is no such number.</exception>
    public static long? Whole(HttpRequest request, string name, long least, long most)
    {
        var given = request.Query[name];
        return given.Count == 0 ? null
            : given.Count == 1 && long.TryParse(given[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
            : throw Bad(most == long.MaxValue ? $"{name} takes a whole number from {least} on." : $"{name} takes a whole number from {least} to {most}.");
    }

    /// <summary>A flag: <c>?name=true</c>.</summary>
    /// <exception cref="RequestException">It is neither true nor false: a misspelt one must not count as false.</exception>
    public static bool Flag(HttpRequest request, string name)
    {
        var given = request.Query[name];
        return given.Count != 0 && (given.Count == 1 && bool.TryParse(given[0], out var flag) ? flag : throw Bad($"{name} is true or false."));
    }

    /// <summary>The version of the past that is asked for; the newest if none.</summary>
    /// <exception cref="RequestException">Several are given, or one that there can't be.</exception>
    public static ReadLevel Past(HttpRequest request) =>
        request.Query.ContainsKey(AtLeast) || request.Query.ContainsKey(StaleBySeconds)
            ? throw Bad($"{AtLeast} and {StaleBySeconds} are understood by queries and the schema only. Leave them out here.")
            : Level(request);

    /// <summary>The read level that is asked for; strong if none.</summary>
    /// <exception cref="RequestException">Several are given, or one that there can't be.</exception>
    public static ReadLevel Level(HttpRequest request)
    {
        string[] given = [.. ((string[])[AtLeast, StaleBySeconds, AtVersion, AtTime, AtSnapshot]).Where(request.Query.ContainsKey)];
        if (given.Length == 0)
        {
            return ReadLevel.Strong;
        }

        if (given.Length > 1 || request.Query[given[0]].Count > 1)
        {
            throw Bad($"Give one of {AtLeast}, {StaleBySeconds}, {AtVersion}, {AtTime} and {AtSnapshot}, once.");
        }

        var text = request.Query[given[0]].ToString();
        return given[0] switch
        {
            AtLeast => ReadLevel.AtLeast(Whole(request, AtLeast, 0, long.MaxValue)!.Value),
            StaleBySeconds => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= ReadLevelJsonConverter.GreatestSeconds
                ? ReadLevel.StaleBy(TimeSpan.FromSeconds(seconds))
                : throw Bad($"{StaleBySeconds} takes a number from 0 to {ReadLevelJsonConverter.GreatestSeconds}."),
            AtVersion => ReadLevel.AtVersion(Whole(request, AtVersion, 0, long.MaxValue)!.Value),
            AtTime => InstantText.TryParse(text, out var time) ? ReadLevel.AtTime(time) : throw Bad($"{AtTime} takes a time: {InstantText.Form}."),
            _ => ReadLevel.AtSnapshot(text),
        };
    }

    /// <summary>The statement: <c>?sql=…</c>, and its parameters as JSON in <c>args</c>.</summary>
    /// <exception cref="RequestException">There is none.</exception>
    /// <exception cref="JsonException">The parameters are malformed.</exception>
    public static Statement Statement(HttpRequest request)
    {
        var (sql, args) = (request.Query["sql"], request.Query["args"]);
        if (sql.Count != 1 || args.Count > 1)
        {
            throw Bad("Give the statement as ?sql=… and its parameters, if it has any, as args=…, a JSON array or object; each once.");
        }

        return StatementMessage.ToStatement(sql[0]!, args.Count == 0 ? null : JsonSerializer.Deserialize(args[0]!, WireJson.Default.Arguments));
    }

    private static RequestException Bad(string message) => RequestReading.Bad(message);
}
