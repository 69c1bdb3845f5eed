using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>
/// The schema changes while others write: tables, indexes and columns come and go. Whoever reads a table by way of an index must find the
/// same rows as without it.
/// </summary>
internal sealed class Schemas : Workload
{
    private readonly Dictionary<string, string> made = [];
    private string? droppable;

    public override IEnumerable<string> Schema => ["CREATE TABLE stock(marker TEXT NOT NULL, item INTEGER NOT NULL, amount INTEGER NOT NULL)"];

    public override async Task StepAsync(Caller caller)
    {
        var dice = caller.Dice;
        int item = dice.Below(20);
        switch (dice.Below(8))
        {
            case 0:
                var (table, _) = await caller.ExecuteAsync("create", marker =>
                {
                    made[marker] = $"extra_{marker}";
                    return [new($"CREATE TABLE extra_{marker}(v, w UNIQUE)"), new($"INSERT INTO extra_{marker} VALUES (1, 2), (3, 4)")];
                });
                droppable = table.Ended == Ended.Landed ? table.Marker : droppable;
                break;
            case 1:
                await caller.ExecuteAsync("index", marker =>
                {
                    made[marker] = $"index_{marker}";
                    return [new($"CREATE INDEX index_{marker} ON stock({(dice.Chance(0.5) ? "item" : "amount, item")})")];
                });
                break;
            case 2:
                await caller.ExecuteAsync("column", marker => [new($"ALTER TABLE stock ADD COLUMN column_{marker} DEFAULT '{marker}'")]);
                break;
            case 3 when droppable is not null:
                string gone = droppable;
                droppable = null;
                await caller.ExecuteAsync("drop", _ => [new($"DROP TABLE IF EXISTS extra_{gone}")]);
                break;
            case 4:
                await caller.SessionAsync("reindex", (connection, _) =>
                {
                    // Looks at what there is, and acts on it.
                    string? index = connection.Value("SELECT min(name) FROM sqlite_schema WHERE type = 'index' AND name LIKE 'index@_%' ESCAPE '@'") as string;
                    if (index is not null && connection.Number("SELECT count(*) FROM sqlite_schema WHERE type = 'index'") > 8)
                    {
                        connection.Run($"DROP INDEX {index}");
                    }

                    return 0;
                });
                break;
            default:
                await caller.ExecuteAsync("stock", marker => [new("INSERT INTO stock(marker, item, amount) VALUES (?, ?, ?)", marker, item, dice.Below(100))]);
                break;
        }
    }

    public override async Task CheckAsync(Witness witness)
    {
        var there = (await witness.RowsAsync("SELECT name FROM sqlite_schema")).Select(row => row[0].ToString()).ToHashSet();
        foreach (var write in witness.Of("create").Concat(witness.Of("index")))
        {
            Require(write.Ended != Ended.Refused || !there.Contains(made[write.Marker]), $"{write} was refused, and {made[write.Marker]} is there");
        }

        await witness.RequireNoneAsync("A row of the stock was written by nobody", "SELECT marker FROM stock WHERE marker NOT IN (SELECT marker FROM done)");
        foreach (string table in there.Where(name => name.StartsWith("extra_", StringComparison.Ordinal)))
        {
            Require(await witness.NumberAsync($"SELECT count(*) + sum(w) FROM {table}") == 8, $"The table {table} does not hold the rows that it was made with");
        }
    }
}
