namespace OrleansSqlite.Bench;

/// <summary>The small insert of all write workloads: a row of about a hundred characters.</summary>
internal static class Inserts
{
    public const string Table = "CREATE TABLE event(id INTEGER PRIMARY KEY, number INTEGER, text TEXT)";

    public const string Sql = "INSERT INTO event(number, text) VALUES (?, ?)";

    public const string Text = "A row of the size that an event or an order line has, so about a hundred characters in all of it.";

    /// <summary>The insert of one row.</summary>
    public static Batch Row(long number) => new(new Statement(Sql, number, Text));

    /// <summary>What was measured must be right as well.</summary>
    public static async Task CheckAsync(EngineDatabase database)
    {
        var row = (await database.QueryAllAsync("SELECT count(*), count(DISTINCT number), max(number) FROM event"))[0];
        if (row[0] != row[1] || row[0] != row[2])
        {
            throw new InvalidOperationException($"{row[0]} rows, {row[1]} numbers up to {row[2]}: something was lost or is there twice.");
        }
    }
}
