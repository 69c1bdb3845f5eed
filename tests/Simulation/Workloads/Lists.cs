using System.Globalization;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>
/// Transactions append to lists and read them: as batches, as closures that write back what they have read with a value more, and as reads at
/// every level. What everybody saw is then checked for isolation.
/// </summary>
internal sealed class Lists : Workload
{
    private const string AppendSql = "INSERT INTO list VALUES (?1, ?2) ON CONFLICT(k) DO UPDATE SET body = body || excluded.body";
    private readonly Dictionary<string, IReadOnlyList<ListStep>> writes = [];
    private readonly List<(Reading Reading, IReadOnlyList<ListStep> Steps)> reads = [];
    private int values;

    public override IEnumerable<string> Schema => ["CREATE TABLE list(k INTEGER PRIMARY KEY, body TEXT NOT NULL)"];

    public override Task StepAsync(Caller caller) => caller.Dice.Weighted([0.5, 0.25, 0.25]) switch
    {
        0 => BatchAsync(caller),
        1 => SessionAsync(caller),
        _ => ReadAsync(caller),
    };

    public override async Task CheckAsync(Witness witness)
    {
        var final = (await witness.RowsAsync("SELECT k, body FROM list")).ToDictionary(row => (int)row[0].AsInteger(), row => Parse(row[1].AsText()));
        List<ListTransaction> history =
        [
            .. witness.Writes.Where(write => writes.ContainsKey(write.Marker))
                .Select(write => new ListTransaction(write.Marker, write.Invoked, write.Answered, write.Ended, true, writes[write.Marker])),
            .. reads.Select((one, i) => new ListTransaction($"read {i} at {one.Reading.Version}", one.Reading.Invoked, one.Reading.Answered, Ended.Landed, one.Reading.IsStrong, one.Steps)),
        ];
        var anomalies = ListCheck.Anomalies(history, final);
        Require(anomalies.Count == 0, string.Join("; ", anomalies.Take(3)));
        Versions();
    }

    /// <summary>Whoever read one list at one version read the same.</summary>
    private void Versions()
    {
        Dictionary<(long Version, int Key), IReadOnlyList<int>> seen = [];
        foreach (var (reading, steps) in reads.Where(read => read.Reading.IsSnapshot))
        {
            foreach (var step in steps)
            {
                if (!seen.TryAdd((reading.Version, step.Key), step.Read!))
                {
                    Require(seen[(reading.Version, step.Key)].SequenceEqual(step.Read!), $"Two reads of list {step.Key} at version {reading.Version} differ");
                }
            }
        }
    }

    private async Task BatchAsync(Caller caller)
    {
        List<(int Key, int? Value)> plan = [.. Enumerable.Range(0, caller.Dice.Between(1, 4)).Select(_ => (Key(caller), caller.Dice.Chance(0.5) ? ++values : (int?)null))];
        var (write, result) = await caller.ExecuteAsync("append", marker =>
        {
            // It may never be answered, and take effect all the same.
            writes[marker] = [.. plan.Where(step => step.Value is not null).Select(step => ListStep.Append(step.Key, step.Value!.Value))];
            return [.. plan.Select(step => step.Value is { } value ? new Statement(AppendSql, step.Key, Body(value)) : new Statement("SELECT body FROM list WHERE k = ?", step.Key))];
        });

        // Of a repetition the results may be missing.
        if (result is { Results.Count: > 0 })
        {
            writes[write.Marker] =
            [
                .. plan.Select((step, i) => step.Value is { } value
                    ? ListStep.Append(step.Key, value)
                    : ListStep.Saw(step.Key, result.Results[i].Rows.Count == 0 ? [] : Parse(result.Results[i].Rows[0][0].AsText()))),
            ];
        }
    }

    private async Task SessionAsync(Caller caller)
    {
        var (first, second, value) = (Key(caller), Key(caller), ++values);
        var (write, result) = await caller.SessionAsync("write back", (connection, marker) =>
        {
            writes[marker] = [ListStep.Append(second, value)];
            string[] seen = [Load(connection, first), Load(connection, second)];
            connection.Run("INSERT INTO list VALUES ($1, $2) ON CONFLICT(k) DO UPDATE SET body = excluded.body", second, seen[1] + Body(value));
            return seen;
        });
        if (result is not null)
        {
            writes[write.Marker] = [ListStep.Saw(first, Parse(result.Value[0])), ListStep.Saw(second, Parse(result.Value[1])), ListStep.Append(second, value)];
        }
    }

    /// <summary>Reads some lists.</summary>
    public async Task ReadAsync(Caller caller)
    {
        int[] keys = [.. Enumerable.Range(0, 3).Select(_ => Key(caller)).Distinct()];
        string wanted = string.Join(", ", keys.Select(key => key.ToString(CultureInfo.InvariantCulture)));
        if (await caller.QueryAsync($"SELECT k, body FROM list WHERE k IN ({wanted})") is { } reading)
        {
            var found = reading.Rows.ToDictionary(row => (int)row[0].AsInteger(), row => Parse(row[1].AsText()));
            reads.Add((reading, [.. keys.Select(key => ListStep.Saw(key, found.GetValueOrDefault(key, [])))]));
        }
    }

    /// <summary>A few lists at a time, and new ones after a while, so that none gets long.</summary>
    private int Key(Caller caller) => (values / 60 * 10) + caller.Dice.Below(5);

    private static string Load(SqliteConnection connection, int key) => connection.Value("SELECT body FROM list WHERE k = $1", key) as string ?? "";

    private static string Body(int value) => value.ToString(CultureInfo.InvariantCulture) + ",";

    private static IReadOnlyList<int> Parse(string body) =>
        [.. body.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(value => int.Parse(value, CultureInfo.InvariantCulture))];
}
