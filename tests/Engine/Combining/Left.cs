using OrleansSqlite.Combining;
using OrleansSqlite.Format;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Combining;

/// <summary>Writes in the inbox of a scene's database, left by owners who are not there any more.</summary>
internal static class Left
{
    /// <summary>What lies in the inbox.</summary>
    public const string Inbox = Scene.Name + "/inbox/";

    /// <summary>Leaves a write, as somebody would who knows the head that stands there.</summary>
    public static async Task<InboxEntry> LeaveAsync(this Scene scene, Batch batch, Func<InboxEntry, InboxEntry>? change = null)
    {
        var head = await scene.HeadAsync();
        var entry = new InboxEntry
        {
            Id = InboxId.Create(scene.Time.GetUtcNow().ToUnixTimeMilliseconds(), new Entropy((ulong)scene.Time.Changes)),
            DatabaseId = head.DatabaseId,
            CollectionEpoch = head.CollectionEpoch,
            LifetimeSeconds = 60,
            Batch = batch,
        };
        entry = change is null ? entry : change(entry);
        scene.Time.Touch();
        await scene.LeaveAsync(entry);
        return entry;
    }

    /// <summary>Its object comes, for the first time or again: a PUT that was held up on its way.</summary>
    public static async Task LeaveAsync(this Scene scene, InboxEntry entry) =>
        await scene.Memory.WriteAsync(Inbox + entry.Id, entry.TryEncode()!, CancellationToken.None);

    /// <summary>Carries what lies there.</summary>
    public static async Task CombineAsync(this Process process)
    {
        await process.Database.DescribeAsync();
        process.Database.Left.Combiner.Wake();
        await process.Database.Left.Combiner.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>How many objects lie there.</summary>
    public static async Task<int> CountAsync(this Scene scene, string folder = Inbox)
    {
        int count = 0;
        await foreach (var _ in scene.Memory.ListAsync(folder, CancellationToken.None))
        {
            count++;
        }

        return count;
    }

    /// <summary>What the database says of it.</summary>
    public static async Task<(InboxOutcomeKind Kind, long Version, string? Detail)?> OutcomeAsync(this Process process, InboxEntry entry)
    {
        var rows = await process.Database.QueryAllAsync(new Statement($"SELECT kind, version, detail FROM {InboxLog.Table} WHERE id = ?", entry.Id.ToBytes()));
        return rows is [var row] ? ((InboxOutcomeKind)row[0].AsInteger(), row[1].AsInteger(), row[2].IsNull ? null : row[2].AsText()) : null;
    }
}
