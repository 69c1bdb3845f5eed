using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.TimeTravel;

namespace OrleansSqlite.Maintenance;

/// <summary>The objects that something of a database still names: its head, the history that the head goes back to, pins.</summary>
internal sealed class Reachable(DatabaseContext context)
{
    private const int AtOnce = 16;
    private readonly HashSet<string> keys = [];
    private readonly HashSet<string> sources = [];

    /// <summary>Whether an object is named.</summary>
    public bool Contains(string key) => keys.Contains(key);

    /// <summary>The other databases in whose folders something is named.</summary>
    public IReadOnlySet<string> Sources => sources;

    /// <summary>Adds what a head names, and all that it goes back to.</summary>
    /// <exception cref="DatabaseException">A saved head can't be read: then nobody can say what it names, and nothing may be deleted.</exception>
    public async Task AddAsync(Head head, CancellationToken cancellation)
    {
        Add(head.Segments, context.Name);
        var saved = new SavedHeads(context);
        Queue<Task<IReadOnlyList<SegmentEntry>>> reading = new();
        var open = new Stack<CheckpointEntry>(head.History?.Checkpoints ?? []);
        while (open.TryPop(out var entry))
        {
            keys.Add(context.Keys.Checkpoint(entry.Id));
            if (entry.Level > 0)
            {
                foreach (var listed in await saved.ListAsync(entry, head, cancellation).ConfigureAwait(false))
                {
                    open.Push(listed);
                }

                continue;
            }

            reading.Enqueue(SegmentsAsync(saved, entry, cancellation));
            if (reading.Count >= AtOnce)
            {
                Add(await reading.Dequeue().ConfigureAwait(false), context.Name);
            }
        }

        while (reading.TryDequeue(out var last))
        {
            Add(await last.ConfigureAwait(false), context.Name);
        }
    }

    /// <summary>Adds what a pin holds in this folder.</summary>
    public void Add(Pin pin) => Add(pin.Held.Segments, pin.Owner);

    private static async Task<IReadOnlyList<SegmentEntry>> SegmentsAsync(SavedHeads saved, CheckpointEntry entry, CancellationToken cancellation) =>
        await saved.ReadSegmentsAsync(entry, cancellation).ConfigureAwait(false);

    private void Add(IReadOnlyList<SegmentEntry> segments, string owner)
    {
        foreach (var entry in segments)
        {
            string home = entry.Home ?? owner;
            if (home == context.Name)
            {
                keys.Add(context.Keys.Segment(entry.Id));
            }
            else if (owner == context.Name)
            {
                sources.Add(home);
                keys.Add(new DatabaseKeys(home).Segment(entry.Id));
            }
        }
    }
}
