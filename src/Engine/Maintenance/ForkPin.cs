using OrleansSqlite.Commit;
using OrleansSqlite.Format;

namespace OrleansSqlite.Maintenance;

/// <summary>
/// The pin of a fork that is being made, in a database whose segments it will name. It is written again as long as the swap that registers it loses: the
/// version that it holds may by then stand in other segments.
/// </summary>
/// <param name="source">The database with the segments.</param>
/// <param name="fork">The fork's name.</param>
/// <param name="parent">The database that is forked: the source itself, or one that was forked from it.</param>
/// <param name="id">The fork's id.</param>
internal sealed class ForkPin(DatabaseContext source, string fork, string parent, Guid id)
{
    private readonly ClaimedPin place = new(source, source.Keys.ForkPin(id));
    private Pin? pin;

    /// <summary>Writes it.</summary>
    /// <param name="held">The version that it holds.</param>
    /// <param name="cancellation">Stops trying.</param>
    public async Task WriteAsync(Head held, CancellationToken cancellation)
    {
        pin = new Pin { Kind = PinKind.Fork, Name = fork, Owner = parent, DatabaseId = id, TimeMs = Pins.TimeAfter(pin, source), Held = held };
        if (!await place.TryWriteAsync(pin, cancellation).ConfigureAwait(false))
        {
            // A collection has taken it away together with the reservation of the name, which is not this fork's any more.
            throw Errors.Exists(fork);
        }
    }
}
