using System.Globalization;
using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>
/// Counters go up by one: in SQL, and by closures that read, add and write. Each step is taken once, whoever takes it, and its caller is told
/// the right number.
/// </summary>
internal sealed class Counters : Workload
{
    private const int Count = 3;
    private readonly Dictionary<string, long> told = [];

    public override IEnumerable<string> Schema =>
    [
        "CREATE TABLE counter(id INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
        "CREATE TABLE counted(marker TEXT NOT NULL, counter INTEGER NOT NULL, n INTEGER NOT NULL)",
        .. Enumerable.Range(1, Count).Select(id => $"INSERT INTO counter VALUES ({id}, 0)"),
    ];

    public override async Task StepAsync(Caller caller)
    {
        int id = caller.Dice.Between(1, Count);
        if (caller.Dice.Chance(0.5))
        {
            var (write, result) = await caller.ExecuteAsync("count", marker =>
            [
                new("UPDATE counter SET n = n + 1 WHERE id = ? RETURNING n", id),
                new("INSERT INTO counted SELECT ?, id, n FROM counter WHERE id = ?", marker, id),
            ]);
            if (result is { Results.Count: > 0 })
            {
                told[write.Marker] = result.Results[0].Rows[0][0].AsInteger();
            }
        }
        else
        {
            var (write, result) = await caller.SessionAsync("recount", (connection, marker) =>
            {
                long n = connection.Number("SELECT n FROM counter WHERE id = $1", id) + 1;
                connection.Run("UPDATE counter SET n = $1 WHERE id = $2", n, id);
                connection.Run("INSERT INTO counted VALUES ($1, $2, $3)", marker, id, n);
                return n;
            });
            if (result is not null)
            {
                told[write.Marker] = result.Value;
            }
        }
    }

    public override async Task CheckAsync(Witness witness)
    {
        await witness.RequireNoneAsync(
            "A counter was not counted step by step",
            """
            SELECT id, n FROM counter AS c
            WHERE n <> (SELECT count(DISTINCT n) FROM counted WHERE counter = c.id) OR n <> (SELECT count(*) FROM counted WHERE counter = c.id)
               OR n <> coalesce((SELECT max(n) FROM counted WHERE counter = c.id), 0)
            """);
        foreach (var row in await witness.RowsAsync("SELECT marker, n FROM counted"))
        {
            long n = row[1].AsInteger();
            Require(
                told.GetValueOrDefault(row[0].AsText(), n) == n,
                string.Create(CultureInfo.InvariantCulture, $"The caller of {row[0]} was told {told.GetValueOrDefault(row[0].AsText())}, and it was {n}"));
        }
    }
}
