using Microsoft.Data.Sqlite;
using OrleansSqlite.Combining;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Tests.Combining;

/// <summary>
/// A write that was left and has come back runs where its owner is. If somebody had carried it in a version that restores have taken back and brought
/// again, it does not run on that.
/// </summary>
public sealed class LeftAsTests
{
    private const string Bump = "UPDATE t SET w = w + 1 WHERE v = 0";

    public enum Kind
    {
        Batch,
        Closure,
        Connection,
    }

    [Theory]
    [InlineData(Kind.Batch)]
    [InlineData(Kind.Closure)]
    [InlineData(Kind.Connection)]
    public async Task It_does_not_run_where_a_restore_has_brought_it_back(Kind kind)
    {
        await using var scene = await SceneAsync();
        var (entry, _, carried) = await CarriedAsync(scene);
        await scene[1].Database.RestoreAsync(ReadLevel.AtVersion(carried));
        var error = Assert.IsType<DatabaseException>(await RunAsync(scene[0], kind, entry));
        Assert.Equal((ErrorCodes.OutcomeUnknown, carried, false), (error.Code, error.Version, error.OutcomeKnown));
        Assert.Equal(1, await scene[1].CountAsync("SELECT w FROM t WHERE v = 0"));
    }

    [Theory]
    [InlineData(Kind.Batch)]
    [InlineData(Kind.Closure)]
    public async Task It_runs_where_a_restore_has_taken_it_back(Kind kind)
    {
        await using var scene = await SceneAsync();
        var (entry, before, _) = await CarriedAsync(scene);
        await scene[1].Database.RestoreAsync(ReadLevel.AtVersion(before));
        Assert.Null(await RunAsync(scene[0], kind, entry));
        Assert.Equal(1, await scene[1].CountAsync("SELECT w FROM t WHERE v = 0"));
    }

    /// <summary>The version before, and the one that carries it.</summary>
    private static async Task<(InboxEntry Entry, long Before, long Carried)> CarriedAsync(Scene scene)
    {
        long before = (await scene.HeadAsync()).Version;
        var entry = await scene.LeaveAsync(new Batch(Bump));
        await scene[1].CombineAsync();
        return (entry, before, (await scene.HeadAsync()).Version);
    }

    /// <summary>Runs what has come back, and gives its error.</summary>
    private static async Task<Exception?> RunAsync(Process owner, Kind kind, InboxEntry entry)
    {
        await owner.Database.DescribeAsync();
        var leftAs = new LeftAs(entry.Id, entry.CollectionEpoch);
        switch (kind)
        {
            case Kind.Batch:
                var batch = new BatchTransaction(new Batch(Bump), default) { LeftAs = leftAs };
                owner.Database.Queue(batch);
                return await Record.ExceptionAsync(() => batch.Done);
            case Kind.Closure:
                var closure = new ClosureTransaction<int>(Run, default) { LeftAs = leftAs };
                owner.Database.Queue(closure);
                return await Record.ExceptionAsync(() => closure.Done);
            default:
                var transaction = new InteractiveTransaction(owner.Database.Context, owner.Database.Speculation, null, null, -1, canRunAgain: true) { LeftAs = leftAs };
                owner.Database.Queue(transaction);
                return Assert.IsType<CommitAnswer.Failed>(await Task.Run(transaction.Wait)).Error;
        }
    }

    private static int Run(SqliteConnection connection)
    {
        using var bump = connection.CreateCommand();
        bump.CommandText = Bump;
        return bump.ExecuteNonQuery();
    }

    private static Task<Scene> SceneAsync() => Scene.WithAsync(2, "CREATE TABLE t(v INTEGER PRIMARY KEY, w)", "INSERT INTO t VALUES (0, 0)");
}
