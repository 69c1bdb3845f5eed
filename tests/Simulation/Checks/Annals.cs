using Microsoft.Extensions.Logging.Abstractions;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Pages;
using OrleansSqlite.Reads;
using OrleansSqlite.Simulation.Processes;
using OrleansSqlite.Simulation.Store;

namespace OrleansSqlite.Simulation.Checks;

/// <summary>Every version as it was when it landed: the head of that moment, and all segments that were ever written.</summary>
internal sealed class Annals(Bucket bucket)
{
    private readonly Dictionary<long, Head> heads = [];
    private readonly Dictionary<long, string> hashes = [];

    /// <summary>A head has landed; the first one of each version is kept.</summary>
    public void Add(Head head) => heads.TryAdd(head.Version, head);

    /// <summary>A hash over all pages of a version.</summary>
    public string HashOf(long version)
    {
        if (!hashes.TryGetValue(version, out string? hash))
        {
            hashes[version] = hash = Of(version, static (_, snapshot) => PageHash.Of(snapshot));
        }

        return hash;
    }

    /// <summary>The markers of the writes that have taken effect in a version.</summary>
    public IReadOnlySet<string> MarkersOf(long version) => Of(version, static (context, snapshot) =>
    {
        using var connection = ReadConnection.Open(context, snapshot);
        List<StatementResult> results = [];
        connection.Runner.Run("SELECT marker FROM done", results);
        return results[0].Rows.Select(row => row[0].AsText()).ToHashSet();
    });

    /// <summary>An engine's own way to read a head, on a store that forgets nothing.</summary>
    private T Of<T>(long version, Func<DatabaseContext, Snapshot, T> read)
    {
        using var cache = new PageCache(1 << 20);
        var context = new DatabaseContext(
            Instance.DatabaseName, new ArchiveStore(bucket), cache, new DatabaseOptions(), TimeProvider.System, new Entropy(1), NullLogger.Instance);
        var loaded = new HeadReader(context).Load(heads[version], default, null);
        try
        {
            return read(context, loaded.Snapshot);
        }
        finally
        {
            loaded.Snapshot.Release();
        }
    }
}
