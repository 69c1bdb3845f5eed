using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>
/// Rooms with two places each. Whether there is room is a question about rows that may not be there yet (a phantom): asked in SQL, or by a
/// closure that counts first. Nobody is turned away as long as there is room.
/// </summary>
internal sealed class Bookings : Workload
{
    private const int Places = 2;
    private readonly List<(string Marker, int Room, bool Got)> told = [];
    private int booked;

    public override IEnumerable<string> Schema => ["CREATE TABLE booking(marker TEXT NOT NULL, room INTEGER NOT NULL)", "CREATE INDEX booking_by_room ON booking(room)"];

    public override async Task StepAsync(Caller caller)
    {
        int room = (booked++ / 5) + caller.Dice.Below(3);
        if (caller.Dice.Chance(0.5))
        {
            var (write, result) = await caller.ExecuteAsync("book", marker =>
                [new($"INSERT INTO booking SELECT ?, ? WHERE (SELECT count(*) FROM booking WHERE room = ?) < {Places} RETURNING room", marker, room, room)]);
            if (result is { Results.Count: > 0 })
            {
                told.Add((write.Marker, room, result.Results[0].Rows.Count == 1));
            }
        }
        else
        {
            var (write, result) = await caller.SessionAsync("book", (connection, marker) =>
            {
                bool free = connection.Number("SELECT count(*) FROM booking WHERE room = $1", room) < Places;
                if (free)
                {
                    connection.Run("INSERT INTO booking VALUES ($1, $2)", marker, room);
                }

                return free;
            });
            if (result is not null)
            {
                told.Add((write.Marker, room, result.Value));
            }
        }
    }

    public override async Task CheckAsync(Witness witness)
    {
        await witness.RequireNoneAsync("A room is overbooked", $"SELECT room, count(*) FROM booking GROUP BY room HAVING count(*) > {Places}");
        var rows = await witness.RowsAsync("SELECT marker, room FROM booking");
        var guests = rows.ToDictionary(row => row[0].AsText(), row => (int)row[1].AsInteger());
        var counts = guests.Values.CountBy(room => room).ToDictionary();
        foreach (var (marker, room, got) in told)
        {
            Require(guests.ContainsKey(marker) == got, $"{marker} was told that it {(got ? "has" : "does not have")} a place in room {room}, which is not so");
            Require(got || counts.GetValueOrDefault(room) == Places, $"{marker} was turned away from room {room}, which was never full");
        }
    }
}
