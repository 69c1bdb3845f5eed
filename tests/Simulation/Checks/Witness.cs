using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Checks;

/// <summary>Looks at the database in the end, when nothing goes wrong any more.</summary>
internal sealed class Witness(Instance instance, Scene scene)
{
    private readonly EngineDatabase database = instance.Database;

    /// <summary>The process that looks.</summary>
    public Instance Instance => instance;

    /// <summary>All that was written, with its end.</summary>
    public IReadOnlyList<Write> Writes => scene.Writes;

    /// <summary>The writes of a kind.</summary>
    public IEnumerable<Write> Of(string kind) => scene.Writes.Where(write => write.Kind == kind);

    /// <summary>The rows of a query.</summary>
    public Task<IReadOnlyList<IReadOnlyList<SqlValue>>> RowsAsync(string sql) => database.QueryAllAsync(sql);

    /// <summary>The only number of a query.</summary>
    public async Task<long> NumberAsync(string sql) => (await database.ScalarAsync(sql)).AsInteger();

    /// <summary>A query that must give no row, or else the first one is what is wrong.</summary>
    public async Task RequireNoneAsync(string wrong, string sql)
    {
        var rows = await RowsAsync(sql);
        if (rows.Count > 0)
        {
            throw new CheckFailedException($"{wrong}: {string.Join(", ", rows[0])}{(rows.Count == 1 ? "" : $", and {rows.Count - 1} more")}.");
        }
    }
}
