using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;
using OrleansSqlite.Tests.Format;
using OrleansSqlite.Tests.TimeTravel;

namespace OrleansSqlite.Tests.Verification;

/// <summary>What may happen to an object.</summary>
public enum Harm
{
    /// <summary>A bit is another one.</summary>
    Flip,

    /// <summary>It ends too early.</summary>
    Truncate,

    /// <summary>Bytes follow its end.</summary>
    Append,

    /// <summary>It is not there.</summary>
    Remove,

    /// <summary>Another object's bytes stand there.</summary>
    Swap,
}

/// <summary>Does harm to objects in a store, and takes it back.</summary>
internal sealed class Damage(Scene scene, ulong seed)
{
    private readonly Sample dice = new(seed);

    /// <summary>Does harm to an object.</summary>
    /// <returns>What was there, to be put back; null if the harm changes nothing.</returns>
    public async Task<byte[]?> DoAsync(string key, Harm harm, IReadOnlyList<string> others)
    {
        byte[] before = (await scene.Memory.ReadAsync(key, null, CancellationToken.None)).Content.ToArray();
        byte[] after = [.. before];
        switch (harm)
        {
            case Harm.Flip:
                after[dice.Below(after.Length)] ^= (byte)(1 << dice.Below(8));
                break;
            case Harm.Truncate:
                after = after[..dice.Below(after.Length)];
                break;
            case Harm.Append:
                after = [.. after, .. new byte[1 + dice.Below(100)]];
                break;
            case Harm.Remove:
                await scene.Memory.DeleteAsync(key, CancellationToken.None);
                return before;
            case Harm.Swap:
                string other = others[dice.Below(others.Count)];
                after = (await scene.Memory.ReadAsync(other, null, CancellationToken.None)).Content.ToArray();
                break;
        }

        await scene.Memory.WriteAsync(key, after, CancellationToken.None);
        return after.AsSpan().SequenceEqual(before) ? null : before;
    }

    /// <summary>Puts the bytes back.</summary>
    public async Task UndoAsync(string key, byte[] before) => await scene.Memory.WriteAsync(key, before, CancellationToken.None);

    /// <summary>The objects that the head of the database names, directly or by what it goes back to, and the pins.</summary>
    public static async Task<string[]> NamedAsync(Scene scene)
    {
        var named = new HashSet<string> { Scene.HeadKey };
        var keys = new DatabaseKeys(Scene.Name);
        var head = await scene.HeadAsync();
        Add(head);
        var open = new Stack<CheckpointEntry>(head.History!.Checkpoints);
        while (open.TryPop(out var entry))
        {
            string key = keys.Checkpoint(entry.Id);
            named.Add(key);
            var content = (await scene.Memory.ReadAsync(key, null, CancellationToken.None)).Content;
            if (entry.Level == 0)
            {
                Add(HeadCodec.Decode(content, key));
            }
            else
            {
                CheckpointList.Decode(content, entry, head.DatabaseId, key).ToList().ForEach(open.Push);
            }
        }

        foreach (string key in (await ForkTests.KeysAsync(scene)).Where(key => key.StartsWith(keys.Pins, StringComparison.Ordinal)))
        {
            named.Add(key);
        }

        return [.. named.Order(StringComparer.Ordinal)];

        void Add(Head of) => named.UnionWith(of.Segments.Select(keys.Segment));
    }

    /// <summary>A database with everything that may be stored of one: versions in saved heads and lists of these, a large commit, snapshots, a fork.</summary>
    /// <returns>The scene, and what each version holds.</returns>
    public static async Task<(Scene Scene, Dictionary<long, string> Model)> SceneAsync(int rows = 60, int inlineBytes = 1 << 10)
    {
        var scene = await Scene.WithAsync(2, new DatabaseOptions { Threads = 2, InlineBytes = inlineBytes }, "CREATE TABLE t(v, w)", "CREATE TABLE u(v INTEGER PRIMARY KEY, w)");
        Dictionary<long, string> model = [];
        await NoteAsync();
        for (int i = 1; i <= rows; i++)
        {
            var write = i == rows / 2
                ? scene[0].RunAsync("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 400) INSERT INTO u SELECT n, hex(randomblob(150)) FROM c")
                : scene[0].RunAsync("INSERT INTO t VALUES (?, hex(randomblob(300)))", i);
            await write;
            await NoteAsync();
        }

        await scene[0].Database.CreateSnapshotAsync("early", ReadLevel.AtVersion(rows / 4));
        await scene[0].Database.CreateSnapshotAsync("late", ReadLevel.AtVersion(rows - 2));
        await scene[0].Engine.ForkAsync(Scene.Name, "copy", ReadLevel.AtVersion(rows / 2));
        return (scene, model);

        async Task NoteAsync() => model[(await scene[0].Database.DescribeAsync()).Version] = await RowsAsync(scene[0], ReadLevel.Strong);
    }

    /// <summary>Everything in it, as text.</summary>
    public static async Task<string> RowsAsync(Process process, ReadLevel level) => await RowsAsync(process.Database, level);

    /// <summary>Everything in it, as text.</summary>
    public static async Task<string> RowsAsync(EngineDatabase database, ReadLevel level)
    {
        var rows = await database.QueryAllAsync("SELECT 't', v, w FROM t UNION ALL SELECT 'u', v, w FROM u ORDER BY 1, 2", level);
        return string.Join('\n', rows.Select(row => string.Join('|', row)));
    }
}
