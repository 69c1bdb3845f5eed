using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Checks;

/// <summary>
/// Isolation, in the manner of Elle: because every value is appended once and lists only grow, a list says in which order its appends
/// happened, and a read says where in that order it stands. So the dependencies between transactions are known, and a cycle among them is
/// an anomaly, which is named as Adya and Elle do.
/// </summary>
internal sealed class ListCheck
{
    private readonly List<string> found = [];
    private readonly IReadOnlyList<ListTransaction> transactions;
    private readonly IReadOnlyDictionary<int, IReadOnlyList<int>> final;
    private readonly Dictionary<(int Key, int Value), int> writers = [];
    private readonly Dictionary<(int Key, int Value), int> places = [];

    private ListCheck(IReadOnlyList<ListTransaction> transactions, IReadOnlyDictionary<int, IReadOnlyList<int>> final)
    {
        this.transactions = transactions;
        this.final = final;
    }

    /// <summary>The anomalies of a history; none if it is strictly serializable.</summary>
    /// <param name="transactions">What was done and told.</param>
    /// <param name="final">The lists in the end.</param>
    public static IReadOnlyList<string> Anomalies(IReadOnlyList<ListTransaction> transactions, IReadOnlyDictionary<int, IReadOnlyList<int>> final)
    {
        var check = new ListCheck(transactions, final);
        check.Appends();
        check.Reads();
        if (check.found.Count == 0)
        {
            // Only of lists that make sense can the order be told.
            check.Order();
        }

        return check.found;
    }

    private void Appends()
    {
        foreach (var (key, values) in final)
        {
            for (int i = 0; i < values.Count; i++)
            {
                if (!places.TryAdd((key, values[i]), i))
                {
                    found.Add($"duplicate append: {values[i]} is in list {key} more than once");
                }
            }
        }

        for (int i = 0; i < transactions.Count; i++)
        {
            var transaction = transactions[i];
            int there = 0;
            int appends = 0;
            foreach (var step in transaction.Steps.Where(step => step.Appended is not null))
            {
                appends++;
                writers[(step.Key, step.Appended!.Value)] = i;
                bool isThere = places.ContainsKey((step.Key, step.Appended.Value));
                there += isThere ? 1 : 0;
                if (!isThere && transaction.Ended == Ended.Landed)
                {
                    found.Add($"lost append: {transaction.Name} appended {step.Appended} to list {step.Key}");
                }
                else if (isThere && transaction.Ended == Ended.Refused)
                {
                    found.Add($"G1a: {transaction.Name} was refused, and its {step.Appended} is in list {step.Key}");
                }
            }

            if (there > 0 && there < appends && transaction.Ended == Ended.Unknown)
            {
                found.Add($"torn: {transaction.Name} took effect in part");
            }
        }

        foreach (var (key, value) in places.Keys.Where(place => !writers.ContainsKey(place)))
        {
            found.Add($"garbage: nobody appended {value} to list {key}");
        }
    }

    private void Reads()
    {
        for (int i = 0; i < transactions.Count; i++)
        {
            foreach (var (step, own) in ReadsOf(i))
            {
                var values = step.Read!;
                string who = $"{transactions[i].Name} read list {step.Key}";
                if (own.Count > 0 && !values.TakeLast(own.Count).SequenceEqual(own))
                {
                    found.Add($"internal: {who} without its own appends");
                    continue;
                }

                var order = final.GetValueOrDefault(step.Key, []);
                for (int at = 0; at < values.Count; at++)
                {
                    if (at < order.Count && order[at] == values[at])
                    {
                        continue;
                    }

                    int writer = writers.GetValueOrDefault((step.Key, values[at]), -1);
                    found.Add(
                        writer < 0 ? $"garbage: {who} with {values[at]}, which nobody appended"
                        : transactions[writer].Ended == Ended.Refused ? $"G1a: {who} with {values[at]} of {transactions[writer].Name}, which was refused"
                        : $"incompatible order: {who} with {values[at]} in place {at}, where in the end {(at < order.Count ? order[at] : "nothing")} stands");
                    break;
                }

                if (values.Count > own.Count && Writer(step.Key, values[^(own.Count + 1)]) is { } last && last != i
                    && transactions[last].Steps.Last(other => other.Key == step.Key && other.Appended is not null).Appended != values[^(own.Count + 1)])
                {
                    found.Add($"G1b: {who} in the midst of {transactions[last].Name}");
                }
            }
        }
    }

    private void Order()
    {
        var graph = new DependencyGraph(transactions.Count);
        foreach (var (key, values) in final)
        {
            for (int i = 1; i < values.Count; i++)
            {
                graph.Add(writers[(key, values[i - 1])], writers[(key, values[i])], Dependency.WriteWrite);
            }
        }

        for (int i = 0; i < transactions.Count; i++)
        {
            foreach (var (step, own) in ReadsOf(i))
            {
                // What it saw of others; its own appends came after.
                int seen = step.Read!.Count - own.Count;
                if (seen > 0)
                {
                    graph.Add(writers[(step.Key, step.Read[seen - 1])], i, Dependency.WriteRead);
                }

                var order = final.GetValueOrDefault(step.Key, []);
                if (seen < order.Count)
                {
                    graph.Add(i, writers[(step.Key, order[seen])], Dependency.ReadWrite);
                }
            }
        }

        graph.AddTime([.. transactions.Select((one, i) => (i, one)).Where(pair => pair.one.RespectsTime).Select(pair => (pair.i, pair.one.Invoked, Answered(pair.one)))]);
        if (graph.WorstCycle() is { } cycle)
        {
            found.Add($"{cycle.Name}: {string.Join(" ", cycle.Steps.Select(step => $"{transactions[step.From].Name} -{step.How}->"))} {transactions[cycle.Steps[0].From].Name}");
        }
    }

    private static long Answered(ListTransaction transaction) => transaction.Ended == Ended.Landed ? transaction.Answered : long.MaxValue;

    /// <summary>The reads of a transaction that landed, each with what the transaction had appended to that list before.</summary>
    private IEnumerable<(ListStep Step, List<int> Own)> ReadsOf(int transaction)
    {
        if (transactions[transaction].Ended != Ended.Landed)
        {
            yield break;
        }

        Dictionary<int, List<int>> own = [];
        foreach (var step in transactions[transaction].Steps)
        {
            var before = own.TryGetValue(step.Key, out var known) ? known : own[step.Key] = [];
            if (step.Appended is { } value)
            {
                before.Add(value);
            }
            else
            {
                yield return (step, [.. before]);
            }
        }
    }

    private int? Writer(int key, int value) => writers.TryGetValue((key, value), out int writer) ? writer : null;
}
