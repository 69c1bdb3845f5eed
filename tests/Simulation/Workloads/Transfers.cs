using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>Money moves between accounts: none is made, none is lost, nobody is in debt, at any version.</summary>
internal sealed class Transfers : Workload
{
    private const int Accounts = 8;
    private const int Opening = 1000;

    public override IEnumerable<string> Schema =>
    [
        "CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0))",
        "CREATE TABLE transfer(marker TEXT NOT NULL, source INTEGER NOT NULL REFERENCES account(id), target INTEGER NOT NULL, amount INTEGER NOT NULL)",
        .. Enumerable.Range(1, Accounts).Select(id => $"INSERT INTO account VALUES ({id}, {Opening})"),
    ];

    public override async Task StepAsync(Caller caller)
    {
        if (caller.Dice.Chance(0.2))
        {
            if (await caller.QueryAsync("SELECT sum(balance), min(balance), count(*) FROM account") is { } read)
            {
                var row = read.Rows[0];
                if (row[0].AsInteger() != Accounts * Opening || row[1].AsInteger() < 0 || row[2].AsInteger() != Accounts)
                {
                    caller.Scene.Fail(new CheckFailedException($"At version {read.Version} the accounts hold {row[0]}, and {Accounts * Opening} were opened with."));
                }
            }

            return;
        }

        var (source, target, amount) = (caller.Dice.Between(1, Accounts), caller.Dice.Between(1, Accounts), caller.Dice.Between(1, 700));
        await caller.ExecuteAsync("transfer", marker =>
        [
            new("UPDATE account SET balance = balance - ? WHERE id = ?", amount, source),
            new("UPDATE account SET balance = balance + ? WHERE id = ?", amount, target),
            new("INSERT INTO transfer VALUES (?, ?, ?, ?)", marker, source, target, amount),
        ]);
    }

    public override Task CheckAsync(Witness witness) => witness.RequireNoneAsync(
        "An account does not hold what was transferred",
        $"""
        SELECT id, balance FROM account AS a WHERE balance < 0 OR balance <> {Opening}
          - (SELECT coalesce(sum(amount), 0) FROM transfer WHERE source = a.id)
          + (SELECT coalesce(sum(amount), 0) FROM transfer WHERE target = a.id)
        UNION ALL
        SELECT marker, amount FROM transfer WHERE marker NOT IN (SELECT marker FROM done) OR marker IN (SELECT marker FROM transfer GROUP BY marker HAVING count(*) > 1)
        """);
}
