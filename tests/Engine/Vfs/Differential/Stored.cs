using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Runs steps on a stored database, and says in lines what the engine told.</summary>
internal static class Stored
{
    /// <summary>Runs a step as one transaction.</summary>
    public static async Task<List<string>> RunAsync(EngineDatabase database, Step step)
    {
        try
        {
            switch (step)
            {
                case BatchStep batch:
                    return [.. (await database.ExecuteAsync(new Batch(batch.Statements))).Results.Select(Lines.Of)];
                case VacuumStep vacuum:
                    await database.ExecuteAsync(new Batch([.. vacuum.Statements.Select(sql => new Statement(sql))]));
                    return [];
                default:
                    return (await database.WriteAsync(connection => Direct.Closure(connection, (ClosureStep)step, []))).Value;
            }
        }
        catch (DatabaseException e)
        {
            return [Lines.Of(e)];
        }
        catch (SqliteException e)
        {
            return [Lines.Of(e)];
        }
    }

    /// <summary>The rows of a query.</summary>
    public static async Task<string> QueryAsync(EngineDatabase database, string sql)
    {
        try
        {
            return string.Join('\n', (await database.QueryAllAsync(sql)).Select(Lines.Of));
        }
        catch (DatabaseException e)
        {
            return Lines.Of(e);
        }
    }
}
