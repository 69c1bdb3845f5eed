using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Regressions;

/// <summary>Callers look for a database in the moment in which it is created: some find it, some don't, and all may use it afterwards.</summary>
public sealed class LookBeforeCreationTests
{
    [Fact]
    public async Task Whoever_came_too_early_does_no_harm_to_others()
    {
        await using var engine = await DatabaseEngine.OpenAsync(new MemoryStore(), new DatabaseOptions { ProbeStore = false, Threads = 2 });
        for (int round = 0; round < 300; round++)
        {
            string name = $"db-{round}";
            var database = engine.Open(name);
            using var go = new Barrier(5);
            Task[] lookers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                go.SignalAndWait();
                while (!await IsThereAsync(database))
                {
                }
            }))];
            go.SignalAndWait();
            await engine.CreateAsync(name);
            await Task.WhenAll(lookers);
            await database.ExecuteAsync(new Batch("CREATE TABLE t(v)"));
        }
    }

    private static async Task<bool> IsThereAsync(EngineDatabase database)
    {
        try
        {
            await database.DescribeAsync();
            return true;
        }
        catch (DatabaseException e) when (e.Code == ErrorCodes.DatabaseNotFound)
        {
            return false;
        }
    }
}
