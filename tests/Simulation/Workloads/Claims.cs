using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>Names that only one can have: who is told that he has it has it, and who is refused was refused for a reason.</summary>
internal sealed class Claims : Workload
{
    private readonly Dictionary<string, string> wanted = [];
    private int names;

    public override IEnumerable<string> Schema => ["CREATE TABLE claim(name TEXT PRIMARY KEY, marker TEXT NOT NULL) WITHOUT ROWID"];

    public override async Task StepAsync(Caller caller)
    {
        // The newest names are the ones that everybody wants.
        names += caller.Dice.Chance(0.3) ? 1 : 0;
        string name = $"name {Math.Max(0, names - caller.Dice.Below(3))}";
        var (write, _) = await caller.ExecuteAsync("claim", marker =>
        {
            wanted[marker] = name;
            return [new("INSERT INTO claim VALUES (?, ?)", name, marker)];
        });
        if (write.Ended == Ended.Landed && caller.Dice.Chance(0.3) && await caller.QueryAsync(new Statement("SELECT marker FROM claim WHERE name = ?", name)) is { IsStrong: true } read)
        {
            string? owner = read.Rows.Count == 1 ? read.Rows[0][0].AsText() : null;
            if (owner != write.Marker)
            {
                caller.Scene.Fail(new CheckFailedException($"{write} claimed {name}, and then read that {owner ?? "nobody"} has it."));
            }
        }
    }

    public override async Task CheckAsync(Witness witness)
    {
        var owners = (await witness.RowsAsync("SELECT name, marker FROM claim")).ToDictionary(row => row[0].AsText(), row => row[1].AsText());
        foreach (var write in witness.Of("claim"))
        {
            string? owner = owners.GetValueOrDefault(wanted[write.Marker]);
            Require(write.Ended != Ended.Landed || owner == write.Marker, $"{write} was told that it has {wanted[write.Marker]}, which {owner} has");
            Require(write.Ended != Ended.Refused || write.Reason != ErrorCodes.Sql || owner is not null, $"{write} was refused a name that nobody has");
        }
    }
}
