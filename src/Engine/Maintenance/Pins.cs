using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.TimeTravel;

namespace OrleansSqlite.Maintenance;

/// <summary>
/// Holds versions for longer than the history is kept. A pin is an object beside the segments; a swap of the head registers it, so that pins and
/// collections stand in one line: a collection either sees the pin, or the pin's maker loses to it and looks again whether the version is still there.
/// </summary>
internal sealed class Pins(DatabaseContext context, EngineThreads threads, Past past)
{
    /// <summary>Gives a version a name.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.SnapshotName"/> if the name is taken, <see cref="ErrorCodes.VersionGone"/>, …</exception>
    public async Task<SnapshotDescription> NameAsync(string name, ReadLevel level, CancellationToken cancellation)
    {
        var place = new ClaimedPin(context, context.Keys.SnapshotPin(DatabaseName.CheckSnapshot(name)));
        Pin? pin = null;
        string findOut = $"If the list of its snapshots has '{name}', drop it; then create it again.";
        await new MaintenanceSwap(context, threads, findOut).RunAsync(
            async (head, token) =>
            {
                // The version is decided once, but looked for on each head: it must still be there when the swap lands.
                var at = pin is null || level.Kind == ReadLevelKind.AtSnapshot ? level : ReadLevel.AtVersion(pin.Held.Version);
                var held = await past.FindAsync(head, at, token).ConfigureAwait(false);
                pin = new Pin
                {
                    Kind = PinKind.Snapshot,
                    Name = name,
                    Owner = context.Name,
                    DatabaseId = head.DatabaseId,
                    TimeMs = TimeAfter(pin, context),
                    Held = held,
                };
                if (!await place.TryWriteAsync(pin, token).ConfigureAwait(false))
                {
                    throw Errors.SnapshotExists(context.Name, name);
                }

                return head;
            },
            cancellation).ConfigureAwait(false);
        return Describe(pin!);
    }

    /// <summary>The named versions, by name.</summary>
    public async Task<IReadOnlyList<SnapshotDescription>> ListNamedAsync(Head head, CancellationToken cancellation)
    {
        var pins = await ReadAllAsync(context, cancellation).ConfigureAwait(false);
        return [.. pins.Where(found => found.Pin.Kind == PinKind.Snapshot && found.Pin.DatabaseId == head.DatabaseId).Select(found => Describe(found.Pin))];
    }

    /// <summary>Takes a name away. The version itself stays as long as the history is kept.</summary>
    public async Task DropAsync(string name, CancellationToken cancellation)
    {
        string key = context.Keys.SnapshotPin(DatabaseName.CheckSnapshot(name));
        var found = await context.Retry.RunAsync(token => context.Store.ReadAsync(key, null, token), cancellation).ConfigureAwait(false);
        if (found.Answer == ReadAnswer.Missing)
        {
            throw Errors.NoSnapshot(context.Name, name);
        }

        await context.Store.DeleteAsync(key, cancellation).ConfigureAwait(false);
    }

    /// <summary>All pins of a database, with their keys and when they were written.</summary>
    public static async Task<List<(string Key, Pin Pin, DateTimeOffset Modified)>> ReadAllAsync(DatabaseContext context, CancellationToken cancellation)
    {
        List<(string, Pin, DateTimeOffset)> pins = [];
        await foreach (var listed in context.Store.ListAsync(context.Keys.Pins, cancellation).ConfigureAwait(false))
        {
            var found = await context.Retry.RunAsync(token => context.Store.ReadAsync(listed.Key, null, token), cancellation).ConfigureAwait(false);
            if (found.Answer == ReadAnswer.Found)
            {
                pins.Add((listed.Key, Pin.Decode(found.Content, listed.Key), listed.Modified));
            }
        }

        return pins;
    }

    /// <summary>The time of a pin that is made, or made again: later than the one before, so that no two have the same bytes.</summary>
    public static long TimeAfter(Pin? earlier, DatabaseContext context) => Math.Max(context.NowMs(), (earlier?.TimeMs ?? 0) + 1);

    private static SnapshotDescription Describe(Pin pin) => new(
        pin.Name,
        pin.Held.Version,
        DateTimeOffset.FromUnixTimeMilliseconds(PastHead.TimeOf(pin.Held)),
        DateTimeOffset.FromUnixTimeMilliseconds(pin.TimeMs),
        (long)pin.Held.PageCount * pin.Held.PageBytes);
}
