using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Faults;

/// <summary>How a write ended, as its caller was told.</summary>
internal enum Ended
{
    /// <summary>Durable.</summary>
    Landed,

    /// <summary>Not applied, for certain.</summary>
    Refused,

    /// <summary>Perhaps.</summary>
    Unknown,
}

/// <summary>One write of a history.</summary>
/// <param name="Marker">What it leaves in the database: once if it took effect, never if it did not.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Ended">What its caller was told.</param>
/// <param name="Version">The version that carries it, if it landed.</param>
/// <param name="Told">What it gave, or why it was refused.</param>
internal sealed record Operation(string Marker, string Kind, Ended Ended, long Version, string Told);

/// <summary>
/// The writes of a history: transfers between accounts, counters, ids that the database hands out, names that only one can have, changes of
/// the schema; as batches, as closures, and as transactions of a connection that its caller holds. Each leaves its marker by the same
/// transaction.
/// </summary>
internal sealed class Workload(Entropy entropy)
{
    public const int Accounts = 6;
    public const int Counters = 3;
    public const int Opening = 1000;

    public static readonly string[] Schema =
    [
        "CREATE TABLE done(marker TEXT NOT NULL, kind TEXT NOT NULL)",
        "CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0))",
        "CREATE TABLE transfer(marker TEXT NOT NULL, source INTEGER NOT NULL REFERENCES account(id), target INTEGER NOT NULL, amount INTEGER NOT NULL)",
        "CREATE TABLE counter(id INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
        "CREATE TABLE counted(marker TEXT NOT NULL, counter INTEGER NOT NULL, n INTEGER NOT NULL)",
        "CREATE TABLE issued(id INTEGER PRIMARY KEY AUTOINCREMENT, marker TEXT NOT NULL)",
        "CREATE TABLE claim(name TEXT PRIMARY KEY, marker TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE bulk(marker TEXT NOT NULL, body BLOB)",
        .. Enumerable.Range(1, Accounts).Select(i => $"INSERT INTO account VALUES ({i}, {Opening})"),
        .. Enumerable.Range(1, Counters).Select(i => $"INSERT INTO counter VALUES ({i}, 0)"),
    ];

    private static readonly string[] Kinds = ["transfer", "count", "recount", "issue", "claim", "bulk", "schema", "vacuum"];
    private static readonly double[] Shares = [0.26, 0.2, 0.14, 0.16, 0.12, 0.05, 0.06, 0.01];
    private readonly ConcurrentBag<Operation> operations = [];
    private int markers;
    private long acknowledged;

    /// <summary>Everything that was asked for, with its end.</summary>
    public IReadOnlyCollection<Operation> Operations => operations;

    /// <summary>The newest version of which some caller has heard.</summary>
    public long Acknowledged => Volatile.Read(ref acknowledged);

    /// <summary>Runs a random write on a process, to a known end or until it is given up.</summary>
    public async Task WriteAsync(Process process)
    {
        string marker = $"m{Interlocked.Increment(ref markers)}";
        string kind = Pick();
        var run = Prepare(kind, marker, withOperationId: entropy.NextDouble() < 0.5, out bool repeatable);
        var ended = Ended.Refused;
        for (int attempt = 1; ; attempt++)
        {
            using var cancelled = new CancellationTokenSource();
            if (entropy.NextDouble() < 0.05)
            {
                cancelled.CancelAfter(Below(5));
            }

            try
            {
                var (version, told) = await run(process, cancelled.Token);
                Hear(version);
                operations.Add(new Operation(marker, kind, Ended.Landed, version, told));
                return;
            }
            catch (DatabaseException e) when (e.Kind != ErrorKind.Internal)
            {
                // What was in doubt once stays so, unless the operation id tells.
                ended = e.OutcomeKnown && ended == Ended.Refused ? Ended.Refused : Ended.Unknown;
                if (!repeatable || attempt > 3 || !(e.IsTransient || ended == Ended.Unknown))
                {
                    operations.Add(new Operation(marker, kind, ended, 0, $"{e.Code}: {e.Message}"));
                    return;
                }
            }
            catch (OperationCanceledException e)
            {
                // Cancelled: it has not taken effect, and never will.
                operations.Add(new Operation(marker, kind, ended, 0, e.GetType().Name));
                return;
            }
        }
    }

    /// <summary>Reads on a process, and checks what must hold at every version.</summary>
    public async Task ReadAsync(EngineDatabase database)
    {
        long atLeast = Acknowledged;
        long version;
        IReadOnlyList<SqlValue> row;
        try
        {
            await using var rows = await database.QueryAsync(
                "SELECT (SELECT sum(balance) FROM account), (SELECT count(*) FROM counted), (SELECT sum(n) FROM counter), (SELECT count(DISTINCT marker) = count(*) FROM done)");
            version = rows.Version;
            row = (await rows.ReadAsync())[0];
        }
        catch (Exception e) when (e is DatabaseException { Kind: ErrorKind.Unavailable or ErrorKind.Corrupt } or ObjectDisposedException)
        {
            return;
        }

        Assert.True(version >= atLeast, $"A strong read saw version {version}, but {atLeast} was acknowledged before it began.");
        Assert.Equal(SqlValue.From(Accounts * Opening), row[0]);
        Assert.Equal(row[1], row[2]);
        Assert.Equal(SqlValue.From(1), row[3]);
    }

    private void Hear(long version)
    {
        long known = Acknowledged;
        while (version > known)
        {
            long was = Interlocked.CompareExchange(ref acknowledged, version, known);
            known = was == known ? version : was;
        }
    }

    private string Pick()
    {
        double dice = entropy.NextDouble() * Shares.Sum();
        int i = 0;
        for (; i < Kinds.Length - 1 && dice >= Shares[i]; i++)
        {
            dice -= Shares[i];
        }

        return Kinds[i];
    }

    private Run Prepare(string kind, string marker, bool withOperationId, out bool repeatable)
    {
        repeatable = withOperationId;
        bool isInteractive = entropy.NextDouble() < 0.35;
        var done = new Statement("INSERT INTO done VALUES (?, ?)", marker, kind);
        switch (kind)
        {
            case "transfer":
                var (source, target, amount) = (Below(Accounts) + 1, Below(Accounts) + 1, Below(400));
                return isInteractive
                    ? Held(connection => Interactive.Transfer(connection, marker, source, target, amount))
                    : Batched(
                        new Statement("UPDATE account SET balance = balance - ? WHERE id = ?", amount, source),
                        new Statement("UPDATE account SET balance = balance + ? WHERE id = ?", amount, target),
                        new Statement("INSERT INTO transfer VALUES (?, ?, ?, ?)", marker, source, target, amount));
            case "count":
                int counter = Below(Counters) + 1;
                return isInteractive
                    ? Held(connection => Interactive.Count(connection, marker, counter))
                    : Batched(
                        new Statement("UPDATE counter SET n = n + 1 WHERE id = ? RETURNING n", counter),
                        new Statement("INSERT INTO counted SELECT ?, id, n FROM counter WHERE id = ?", marker, counter));
            case "recount":
                // Reads, thinks, writes: what it read must still be so when it is committed.
                int at = Below(Counters) + 1;
                return isInteractive ? Held(connection => Interactive.Recount(connection, marker, at)) : Closure(out repeatable, connection => Interactive.Recount(connection, marker, at));
            case "issue":
                return isInteractive
                    ? Held(connection => Interactive.Issue(connection, marker))
                    : Batched(new Statement("INSERT INTO issued(marker) VALUES (?) RETURNING id", marker));
            case "claim":
                string name = $"name {Below(40)}";
                return isInteractive
                    ? Held(connection => Interactive.Claim(connection, marker, name))
                    : Batched(new Statement("INSERT INTO claim VALUES (?, ?) RETURNING name", name, marker));
            case "bulk":
                int bytes = 2000 + Below(300_000);
                return isInteractive
                    ? Held(connection => Interactive.Bulk(connection, marker, bytes))
                    : Batched(new Statement("INSERT INTO bulk(marker, body) VALUES (?, randomblob(?)), (?, randomblob(100))", marker, bytes, marker));
            case "schema":
                string change = Below(3) switch
                {
                    0 => $"CREATE TABLE extra_{marker}(v, w UNIQUE); INSERT INTO extra_{marker} VALUES (1, 2)",
                    1 => $"CREATE INDEX index_{marker} ON done(kind, marker)",
                    _ => $"ALTER TABLE bulk ADD COLUMN column_{marker} DEFAULT '{marker}'",
                };
                return isInteractive ? Held(connection => $"{Sql.Execute(connection, change)}") : Batched(new Statement(change));
            default:
                repeatable = false;
                return async (process, cancellation) => ((await process.Database.ExecuteAsync("VACUUM", cancellation)).Version, "");
        }

        Run Held(Func<OrleansSqliteConnection, string> work) => (process, _) => Interactive.RunAsync(process, withOperationId ? marker : null, connection =>
        {
            string told = work(connection);
            Sql.Execute(connection, "INSERT INTO done VALUES ($1, $2)", marker, kind);
            return told;
        });

        Run Closure(out bool repeats, Func<SqliteConnection, string> work)
        {
            repeats = false;
            return async (process, cancellation) =>
            {
                var result = await process.Database.WriteAsync(
                    connection =>
                    {
                        string told = work(connection);
                        Sql.Execute(connection, "INSERT INTO done VALUES ($1, $2)", marker, kind);
                        return told;
                    },
                    cancellation);
                return (result.Version, result.Value);
            };
        }

        Run Batched(params Statement[] statements) => async (process, cancellation) =>
        {
            var batch = new Batch([.. statements, done]) { OperationId = withOperationId ? marker : null };
            var result = await process.Database.ExecuteAsync(batch, cancellation);
            return (result.Version, result.Results.Count > 0 && result.Results[0].Rows.Count > 0 ? result.Results[0].Rows[0][0].ToString() : "");
        };
    }

    private delegate Task<(long Version, string Told)> Run(Process process, CancellationToken cancellation);

    private int Below(int bound) => (int)(entropy.NextDouble() * bound);
}
