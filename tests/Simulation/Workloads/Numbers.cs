using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>
/// Ids that the database hands out: the caller is told the one that is stored, none is handed out twice, and with AUTOINCREMENT a later
/// caller gets a higher one.
/// </summary>
internal sealed class Numbers : Workload
{
    private readonly List<(Write Write, long Id)> told = [];

    public override IEnumerable<string> Schema =>
    [
        "CREATE TABLE issued(id INTEGER PRIMARY KEY AUTOINCREMENT, marker TEXT NOT NULL)",
        "CREATE TABLE noted(marker TEXT NOT NULL, body TEXT)",
    ];

    public override async Task StepAsync(Caller caller)
    {
        var (write, result) = await caller.ExecuteAsync("issue", marker =>
        [
            new("INSERT INTO issued(marker) VALUES (?) RETURNING id", marker),
            new("INSERT INTO noted VALUES (?, 'a row without a key of its own')", marker),
        ]);
        if (result is { Results.Count: > 0 })
        {
            told.Add((write, result.Results[0].Rows[0][0].AsInteger()));
            if (result.Results[0].LastInsertRowId != told[^1].Id)
            {
                caller.Scene.Fail(new CheckFailedException($"{write} was told the id {told[^1].Id}, and the last rowid {result.Results[0].LastInsertRowId}."));
            }
        }
    }

    public override async Task CheckAsync(Witness witness)
    {
        var stored = (await witness.RowsAsync("SELECT marker, id FROM issued")).ToDictionary(row => row[0].AsText(), row => row[1].AsInteger());
        foreach (var (write, id) in told)
        {
            Require(stored.GetValueOrDefault(write.Marker) == id, $"{write} was told the id {id}, and has {stored.GetValueOrDefault(write.Marker)}");
        }

        // Who was answered before another one began has the lower id.
        var byAnswer = told.OrderBy(one => one.Write.Answered).ToArray();
        int answered = 0;
        long highest = 0;
        foreach (var (write, id) in told.OrderBy(one => one.Write.Invoked))
        {
            for (; answered < byAnswer.Length && byAnswer[answered].Write.Answered < write.Invoked; answered++)
            {
                highest = Math.Max(highest, byAnswer[answered].Id);
            }

            Require(id > highest, $"{write} got the id {id}, although {highest} had been handed out before it began");
        }

        await witness.RequireNoneAsync(
            "An id was not handed out as it should be",
            "SELECT marker FROM issued WHERE marker NOT IN (SELECT marker FROM noted) UNION ALL SELECT marker FROM noted GROUP BY marker HAVING count(*) > 1");
    }
}
