using System.Security.Cryptography;
using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Workloads;

/// <summary>Large transactions among small ones: bodies of up to 200 KB that are uploaded before the swap, rows by the hundred, and deletions.</summary>
internal sealed class Bulk : Workload
{
    private readonly Dictionary<string, string> digests = [];

    public override IEnumerable<string> Schema => ["CREATE TABLE bulk(marker TEXT PRIMARY KEY, body BLOB NOT NULL)", "CREATE TABLE crowd(n INTEGER NOT NULL, marker TEXT NOT NULL)"];

    public override async Task StepAsync(Caller caller)
    {
        var dice = caller.Dice;
        switch (dice.Below(6))
        {
            case 0:
                byte[] body = dice.Bytes(dice.Between(3_000, dice.Chance(0.3) ? 200_000 : 40_000));
                await caller.ExecuteAsync("bulk", marker =>
                {
                    digests[marker] = Digest(body);
                    return [new("INSERT INTO bulk VALUES (?, ?)", marker, body)];
                });
                break;
            case 1:
                await caller.ExecuteAsync("crowd", marker =>
                    [new("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300) INSERT INTO crowd SELECT n, ? FROM c", marker)]);
                break;
            case 2:
                await caller.ExecuteAsync("clear", _ => [new("DELETE FROM bulk WHERE marker IN (SELECT marker FROM bulk ORDER BY marker LIMIT 3)"), new("DELETE FROM crowd")]);
                break;
            case 3:
                await caller.QueryAsync("SELECT sum(length(body)) FROM bulk");
                break;
            default:
                if (await caller.QueryAsync("SELECT count(*) FROM crowd GROUP BY marker HAVING count(*) <> 300") is { Rows.Count: > 0 })
                {
                    caller.Scene.Fail(new CheckFailedException("A crowd is there in part."));
                }

                break;
        }
    }

    public override async Task CheckAsync(Witness witness)
    {
        foreach (var row in await witness.RowsAsync("SELECT marker, body FROM bulk"))
        {
            Require(digests[row[0].AsText()] == Digest(row[1].AsBlob().Span), $"The body of {row[0]} is not the one that was written");
        }

        await witness.RequireNoneAsync("A crowd is there in part", "SELECT marker, count(*) FROM crowd GROUP BY marker HAVING count(*) <> 300");
    }

    private static string Digest(ReadOnlySpan<byte> body) => Convert.ToHexStringLower(SHA256.HashData(body));
}
