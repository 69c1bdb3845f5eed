namespace OrleansSqlite.Server.Hrana;

/// <summary>
/// The ids that transactions of this process were told, so that none is told to two: database by database, and as long as a transaction
/// is open there, as it may stand on a version before the others' commits. Two processes know nothing of each other; there the second to
/// commit the same id gets a conflict.
/// </summary>
internal sealed class RowIdReservations
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Reserved> databases = new(StringComparer.Ordinal);

    /// <summary>A transaction may begin.</summary>
    public void Enter(string database)
    {
        lock (gate)
        {
            if (!databases.TryGetValue(database, out var reserved))
            {
                databases.Add(database, reserved = new());
            }

            reserved.Transactions++;
        }
    }

    /// <summary>It has ended.</summary>
    public void Leave(string database)
    {
        lock (gate)
        {
            if (--databases[database].Transactions == 0)
            {
                databases.Remove(database);
            }
        }
    }

    /// <summary>Within a transaction: reserves ids that follow each other.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">The table.</param>
    /// <param name="greatest">The greatest id that the transaction sees.</param>
    /// <param name="count">How many are wanted.</param>
    /// <returns>The first one; null if there are none left above the greatest.</returns>
    public long? Take(string database, string table, long greatest, int count)
    {
        lock (gate)
        {
            var tables = databases[database].Greatest;
            greatest = Math.Max(greatest, tables.GetValueOrDefault(table));
            if (greatest >= long.MaxValue - count)
            {
                return null;
            }

            tables[table] = greatest + count;
            return greatest + 1;
        }
    }

    private sealed class Reserved
    {
        public int Transactions { get; set; }

        public Dictionary<string, long> Greatest { get; } = new(StringComparer.OrdinalIgnoreCase);
    }
}
