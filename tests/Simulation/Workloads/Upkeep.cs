using OrleansSqlite.Format;
using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;
using OrleansSqlite.Simulation.Store;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>
/// What goes on beside the work: collections, compactions, forks, forks of forks, snapshots, restores of forks, reads of the past. Every version that is read must be, to the
/// byte, what it was when it landed, whatever has been collected since; and no object that anything living names may be missing.
/// </summary>
internal sealed class Upkeep(Annals annals, Bucket bucket, Lineage lineage) : Workload
{
    private static readonly string[] Past = [ErrorCodes.VersionGone, ErrorCodes.VersionNotReached];
    private readonly Dictionary<string, long> forks = [];
    private readonly Dictionary<string, long> snapshots = [];
    private readonly HashSet<string> busy = [];
    private int names;

    /// <inheritdoc/>
    public override IEnumerable<string> Schema => [];

    /// <inheritdoc/>
    public override Task StepAsync(Caller caller) => caller.Scene.Restores && caller.Dice.Chance(0.2) ? RestoreAsync(caller) : AnyAsync(caller);

    private Task AnyAsync(Caller caller) => caller.Dice.Weighted([0.3, 0.25, 0.15, 0.1, 0.05, 0.1, 0.05]) switch
    {
        0 => CollectAsync(caller),
        1 => ReadAsync(caller),
        2 => ForkAsync(caller),
        3 => CheckForkAsync(caller),
        4 => DeleteForkAsync(caller),
        5 => NameAsync(caller),
        _ => RestoreForkAsync(caller),
    };

    /// <inheritdoc/>
    public override async Task CheckAsync(Witness witness)
    {
        foreach (var (name, version) in forks)
        {
            Require(await witness.Instance.PagesAsync(name) is var (_, hash) && hash == annals.HashOf(version), $"The fork {name} is not version {version} any more.");
        }

        foreach (var (name, version) in snapshots)
        {
            var (found, hash) = await witness.Instance.PagesAsync(Instance.DatabaseName, ReadLevel.AtSnapshot(name));
            Require(found == version && hash == annals.HashOf(version), $"The snapshot {name} is not version {version} any more.");
        }

        // After all, once more: nothing that is needed may go.
        await witness.Instance.Engine.CollectAsync(Instance.DatabaseName);
        await foreach (var version in witness.Instance.Database.HistoryAsync())
        {
            Require(
                (await witness.Instance.PagesAsync(Instance.DatabaseName, ReadLevel.AtVersion(version.Version))).Hash == annals.HashOf(version.Version),
                $"Version {version.Version} is not what it was.");
        }

        RequireNamed();
    }

    private static Task<bool> CollectAsync(Caller caller)
    {
        bool isDry = caller.Dice.Chance(0.1);
        return caller.Dice.Chance(0.15)
            ? caller.TryAsync("compacts", () => caller.Instance.Engine.CompactAsync(Instance.DatabaseName), ErrorCodes.SnapshotTooOld)
            : caller.TryAsync("collects", () => caller.Instance.Engine.CollectAsync(Instance.DatabaseName, isDry));
    }

    /// <summary>Reads a version of the past.</summary>
    private Task<bool> ReadAsync(Caller caller)
    {
        long version = Math.Max(1, caller.Scene.Knowledge.Newest - caller.Dice.Below(40));
        return caller.TryAsync(
            $"reads version {version}",
            async () =>
            {
                var (found, hash) = await caller.Instance.PagesAsync(Instance.DatabaseName, ReadLevel.AtVersion(version));
                Require(found == version && hash == annals.HashOf(version), $"Version {version} was read as {found}, and is not what it was.");
            },
            Past);
    }

    private async Task ForkAsync(Caller caller)
    {
        var (source, least) = caller.Dice.Chance(0.3) && Idle() is { Length: > 0 } idle ? caller.Dice.Pick(idle) : (Instance.DatabaseName, 0);
        string fork = $"f{++names}";
        long newest = caller.Scene.Knowledge.Newest;
        long version = source == Instance.DatabaseName ? Math.Max(1, newest - caller.Dice.Below(20)) : least;
        var level = source == Instance.DatabaseName && caller.Dice.Chance(0.5) ? ReadLevel.AtVersion(version) : ReadLevel.Strong;
        long made = -1;
        busy.Add(source);
        bool done = await caller.TryAsync(
            $"forks {source} as {fork}",
            async () => made = (await caller.Instance.Engine.ForkAsync(source, fork, level)).Version,
            [.. Past, ErrorCodes.DatabaseExists, ErrorCodes.DatabaseNotFound, ErrorCodes.DatabaseGone]);
        busy.Remove(source);
        if (done)
        {
            Require(level == ReadLevel.Strong ? source != Instance.DatabaseName || made >= newest : made == version, $"The fork {fork} is of version {made}.");

            // A fork of a fork stands for the version that the first one was made of.
            forks[fork] = source == Instance.DatabaseName ? made : least;
        }
    }

    private async Task CheckForkAsync(Caller caller)
    {
        if (forks.Count == 0)
        {
            return;
        }

        var (name, version) = caller.Dice.Pick([.. forks]);
        await caller.TryAsync(
            $"reads {name}",
            async () => Require((await caller.Instance.PagesAsync(name)).Hash == annals.HashOf(version) || !forks.ContainsKey(name), $"The fork {name} is not version {version}."),
            ErrorCodes.DatabaseNotFound,
            ErrorCodes.DatabaseGone,
            ErrorCodes.SnapshotTooOld);
    }

    private async Task DeleteForkAsync(Caller caller)
    {
        if (Idle() is not { Length: > 0 } idle)
        {
            return;
        }

        var (name, _) = caller.Dice.Pick(idle);
        forks.Remove(name);
        await caller.TryAsync($"deletes {name}", () => caller.Instance.Engine.DeleteAsync(name), ErrorCodes.DatabaseNotFound, ErrorCodes.DatabaseGone);
        await caller.TryAsync($"collects {name}", () => caller.Instance.Engine.CollectAsync(name), ErrorCodes.DatabaseNotFound, ErrorCodes.DatabaseGone);
    }

    private async Task NameAsync(Caller caller)
    {
        if (snapshots.Count > 0 && caller.Dice.Chance(0.4))
        {
            string old = caller.Dice.Pick([.. snapshots.Keys]);
            snapshots.Remove(old);
            await caller.TryAsync($"drops {old}", () => caller.Instance.Database.DropSnapshotAsync(old), ErrorCodes.SnapshotName);
            return;
        }

        string name = $"s{++names}";
        long version = Math.Max(1, caller.Scene.Knowledge.Newest - caller.Dice.Below(20));
        if (await caller.TryAsync($"names version {version} {name}", () => caller.Instance.Database.CreateSnapshotAsync(name, ReadLevel.AtVersion(version)), Past))
        {
            snapshots[name] = version;
        }
    }

    /// <summary>Takes the last versions back. Not the one with the schema.</summary>
    private async Task RestoreAsync(Caller caller)
    {
        long version = Math.Max(2, caller.Scene.Knowledge.Newest - caller.Dice.Below(6));
        lineage.Ask(version);
        await caller.TryAsync($"restores version {version}", () => caller.Instance.Database.RestoreAsync(ReadLevel.AtVersion(version)), Past);
    }

    /// <summary>Writes to a fork, takes that back, and finds it as it was.</summary>
    private async Task RestoreForkAsync(Caller caller)
    {
        if (Idle() is not { Length: > 0 } idle)
        {
            return;
        }

        var (name, version) = caller.Dice.Pick(idle);
        forks.Remove(name);
        string[] fine = [.. Past, ErrorCodes.DatabaseNotFound, ErrorCodes.DatabaseGone];
        long before = -1;
        bool done = await caller.TryAsync(
            $"changes {name} and takes it back",
            async () =>
            {
                before = (await caller.Instance.Open(name).DescribeAsync()).Version;
                await caller.Instance.Open(name).ExecuteAsync($"CREATE TABLE of_{name}_{before} AS SELECT hex(randomblob({(caller.Dice.Chance(0.5) ? 100 : 40_000)})) AS x");
                await caller.Instance.Engine.CollectAsync(name);
                await caller.Instance.Open(name).RestoreAsync(ReadLevel.AtVersion(before));
            },
            fine);
        if (done)
        {
            forks[name] = version;
        }
    }

    /// <summary>The forks that are not being forked at this moment. (Who crashes in the midst of it leaves its source busy for good.)</summary>
    private (string Name, long Version)[] Idle() => [.. forks.Where(fork => !busy.Contains(fork.Key)).Select(fork => (fork.Key, fork.Value))];

    /// <summary>No object that a living head, its history or a pin names may be missing.</summary>
    private void RequireNamed()
    {
        foreach (var (key, stored) in bucket.Objects.ToArray())
        {
            if (key.EndsWith("/head", StringComparison.Ordinal))
            {
                string name = key[..key.IndexOf('/')];
                var head = HeadCodec.Decode(stored.Content, key);
                RequireSegments(head, name);
                RequireCheckpoints(head.History?.Checkpoints ?? [], head, name);
            }
        }
    }

    private void RequireCheckpoints(IEnumerable<CheckpointEntry> entries, Head head, string name)
    {
        foreach (var entry in entries)
        {
            string key = new DatabaseKeys(name).Checkpoint(entry.Id);
            byte[] content = bucket.Find(key)?.Content ?? throw new CheckFailedException($"{name} names {key}, which is missing.");
            if (entry.Level > 0)
            {
                RequireCheckpoints(CheckpointList.Decode(content, entry, head.DatabaseId, key), head, name);
            }
            else
            {
                RequireSegments(HeadCodec.Decode(content, key), name);
            }
        }
    }

    private void RequireSegments(Head head, string name)
    {
        foreach (var segment in head.Segments)
        {
            string key = new DatabaseKeys(name).Segment(segment);
            Require(bucket.Find(key) is { } there && there.Content.Length == segment.ObjectBytes, $"{name} at version {head.Version} names {key}, which is missing.");
        }
    }
}
