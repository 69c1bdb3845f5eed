using Microsoft.Extensions.Logging.Abstractions;
using OrleansSqlite.Commit;
using OrleansSqlite.Pages;
using OrleansSqlite.Stores;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Tests.Regressions;

/// <summary>The race between a turn that has begun and a swap that is lost at that moment.</summary>
public sealed class LostSchemaTests
{
    [Fact]
    public async Task A_connection_that_was_opened_on_a_state_that_had_just_been_lost_is_not_kept()
    {
        var store = new MemoryStore();
        await using var engine = await DatabaseEngine.OpenAsync(store);
        await engine.CreateAsync("app");
        var rival = engine.Open("app");
        await rival.ExecuteAsync("CREATE TABLE z(q)");

        using var cache = new PageCache(16 << 20);
        var context = new DatabaseContext("app", store, cache, new DatabaseOptions(), TimeProvider.System, Entropy.System, NullLogger.Instance);
        var speculation = new Speculation(context);
        var reader = new HeadReader(context);
        var first = await LoadAsync(null);
        Assert.True(speculation.TryInstall(first));
        var connection = new WriteConnection(context, speculation);
        Assert.True(connection.TryRun(new Write("CREATE TABLE a(x)")));

        // The same root page and the same schema cookie as the table that is stacked here.
        await rival.ExecuteAsync("CREATE TABLE b(y); INSERT INTO b VALUES ('of b')");
        var newer = await LoadAsync(first);
        Assert.False(connection.TryRun(new Write("INSERT INTO a VALUES ('of a lost state')", () =>
        {
            speculation.Lose();
            Assert.True(speculation.TryInstall(newer));
        })));

        var insert = new Write("INSERT INTO a VALUES ('of a')");
        Assert.True(connection.TryRun(insert));
        var verdict = Assert.IsType<DatabaseException>(insert.Verdict);
        Assert.Contains("no such table: a", verdict.Message, StringComparison.Ordinal);
        Assert.Null(insert.Pages);
        connection.CloseRunner();
        speculation.Lose();
        speculation.Close();

        async Task<DurableHead> LoadAsync(DurableHead? earlier)
        {
            var (head, tag) = (await reader.ReadAsync(CancellationToken.None))!.Value;
            return reader.Load(head, tag, earlier);
        }
    }

    /// <summary>A statement as a transaction; what it does first happens when its turn has begun.</summary>
    private sealed class Write(string sql, Action? first = null) : EngineTransaction(CancellationToken.None)
    {
        public override void Run(WriteConnection connection)
        {
            first?.Invoke();
            var runner = connection.Runner();
            runner.Command("BEGIN IMMEDIATE");
            runner.Run(sql, []);
            connection.AllowCommit(false);
            runner.Command("COMMIT");
        }

        public override void Complete(long version)
        {
        }

        public override void Fail(Exception error)
        {
        }
    }
}
