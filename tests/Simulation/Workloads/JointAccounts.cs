using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>
/// Two accounts with one limit: one of them may be overdrawn as long as the sum is not. Two who each look at both and then take from different
/// ones (write skew) would overdraw the sum.
/// </summary>
internal sealed class JointAccounts : Workload
{
    private const int Couples = 3;

    public override IEnumerable<string> Schema =>
    [
        "CREATE TABLE joint(couple INTEGER, side INTEGER, balance INTEGER NOT NULL, PRIMARY KEY (couple, side)) WITHOUT ROWID",
        .. Enumerable.Range(0, 2 * Couples).Select(i => $"INSERT INTO joint VALUES ({i / 2}, {i % 2}, 50)"),
    ];

    public override async Task StepAsync(Caller caller)
    {
        var (couple, side, amount) = (caller.Dice.Below(Couples), caller.Dice.Below(2), caller.Dice.Between(10, 90));
        if (caller.Dice.Chance(0.3))
        {
            await caller.ExecuteAsync("save", _ => [new("UPDATE joint SET balance = balance + ? WHERE couple = ? AND side = ?", amount, couple, side)]);
            return;
        }

        await caller.SessionAsync("withdraw", (connection, _) =>
        {
            bool suffices = connection.Number("SELECT sum(balance) FROM joint WHERE couple = $1", couple) >= amount;
            if (suffices)
            {
                long balance = connection.Number("SELECT balance FROM joint WHERE couple = $1 AND side = $2", couple, side);
                connection.Run("UPDATE joint SET balance = $1 WHERE couple = $2 AND side = $3", balance - amount, couple, side);
            }

            return suffices;
        });
    }

    public override Task CheckAsync(Witness witness) =>
        witness.RequireNoneAsync("A couple is in debt", "SELECT couple, sum(balance) FROM joint GROUP BY couple HAVING sum(balance) < 0");
}
