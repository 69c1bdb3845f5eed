using Microsoft.Data.Sqlite;
using OrleansSqlite.Simulation.Checks;
using OrleansSqlite.Simulation.Clock;

namespace OrleansSqlite.Simulation.Processes;

/// <summary>One of those who use the database in a process, one call after the other. Writes down what it was told.</summary>
internal sealed class Caller(Scene scene, Instance instance, string name, Dice dice)
{
    /// <summary>What it decides by.</summary>
    public Dice Dice => dice;

    /// <summary>What it shares with the others.</summary>
    public Scene Scene => scene;

    /// <summary>Where it runs.</summary>
    public Instance Instance => instance;

    /// <summary>Whether it goes on.</summary>
    public bool GoesOn => !scene.IsOver && !instance.IsDead && !instance.IsEnded;

    /// <summary>Runs a batch, perhaps with an operation id; then perhaps twice or thrice, here or elsewhere, one after the other or at once.</summary>
    /// <param name="kind">What it does.</param>
    /// <param name="statements">What runs, given the marker.</param>
    /// <returns>The write, and what it gave if it landed.</returns>
    public async Task<(Write Write, BatchResult? Result)> ExecuteAsync(string kind, Func<string, Statement[]> statements)
    {
        var write = scene.Begin(kind);
        bool isRepeatable = !scene.Restores && dice.Chance(0.4);
        var batch = new Batch([.. statements(write.Marker), new Statement("INSERT INTO done VALUES (?, ?)", write.Marker, kind)])
        {
            OperationId = isRepeatable ? write.Marker : null,
        };
        BatchResult? first = null;
        if (isRepeatable && dice.Chance(0.15))
        {
            // At once, from two processes that don't know of each other.
            _ = SendAsync(dice.Pick(scene.Living), SendBatchAsync);
        }

        var result = await SendAsync(instance, SendBatchAsync);
        for (int again = 0; isRepeatable && again < 3 && GoesOn && (result is null ? write.Ended != Ended.Refused : dice.Chance(0.2)); again++)
        {
            result = await SendAsync(dice.Chance(0.7) ? instance : dice.Pick(scene.Living), SendBatchAsync) ?? result;
        }

        return (write, first);

        Task<BatchResult?> SendAsync(Instance where, Func<Instance, CancellationToken, Task<BatchResult>> call) =>
            this.SendAsync(write, where, call, given => given.Version, given => Compare(ref first, given, write));

        Task<BatchResult> SendBatchAsync(Instance where, CancellationToken cancellation) => where.Database.ExecuteAsync(batch, cancellation);
    }

    /// <summary>Runs a closure that reads, thinks and writes.</summary>
    /// <param name="kind">What it does.</param>
    /// <param name="work">The closure, given the connection and the marker.</param>
    /// <returns>The write, and what the closure gave if it landed.</returns>
    public async Task<(Write Write, WriteResult<T>? Result)> SessionAsync<T>(string kind, Func<SqliteConnection, string, T> work)
    {
        var write = scene.Begin(kind);
        var thinks = dice.Chance(0.3) ? dice.Around(TimeSpan.FromMilliseconds(20), 1) : TimeSpan.Zero;
        var result = await SendAsync(
            write,
            instance,
            (where, cancellation) => where.Database.WriteAsync(
                connection =>
                {
                    var given = work(connection, write.Marker);
                    if (thinks > TimeSpan.Zero)
                    {
                        where.Work(thinks);
                    }

                    connection.Run("INSERT INTO done VALUES ($1, $2)", write.Marker, kind);
                    return given;
                },
                cancellation),
            static given => given.Version,
            static _ => { });
        return (write, result);
    }

    /// <summary>Reads at a level that the dice choose, and holds the answer to that level's promise. Null if it could not be read.</summary>
    public async Task<Reading?> QueryAsync(Statement query)
    {
        var (level, least) = Level();
        long invoked = scene.Moment();
        try
        {
            bool isBatch = level.Kind == ReadLevelKind.Strong && dice.Chance(0.4);
            var (version, rows) = isBatch ? await ExecuteAsync(query) : await QueryAsync(query, level);
            if (instance.IsDead)
            {
                return null;
            }

            scene.Reads++;
            scene.Note(name, $"reads {level.Kind} at version {version}");
            if (version < least)
            {
                scene.Fail(new CheckFailedException($"A read ({level.Kind}) of {name} saw version {version}, and was promised {least} at least."));
            }

            scene.Knowledge.Hear(scene.Now, version);
            return new Reading(level.Kind == ReadLevelKind.Strong, !isBatch, invoked, scene.Moment(), version, rows);
        }
        catch (Exception e)
        {
            Judge(e);
            return null;
        }
    }

    /// <summary>Lists the databases: slow, and of no use to the others.</summary>
    public async Task ListAsync()
    {
        try
        {
            List<string> names = [];
            await foreach (var one in instance.Engine.ListAsync())
            {
                names.Add(one.Name);
            }

            if (!instance.IsDead && names.FirstOrDefault() != Instance.DatabaseName)
            {
                scene.Fail(new CheckFailedException($"{name} found the databases {string.Join(", ", names)}."));
            }
        }
        catch (Exception e)
        {
            Judge(e);
        }
    }

    /// <summary>Does something that is not a write of its own. Gives whether it was done.</summary>
    /// <param name="what">What, for the trace.</param>
    /// <param name="action">Does it.</param>
    /// <param name="fine">Codes of errors that it may meet.</param>
    public async Task<bool> TryAsync(string what, Func<Task> action, params string[] fine)
    {
        scene.Note(name, what);
        try
        {
            await action();
            scene.Note(name, $"has done: {what}");
            return !instance.IsDead;
        }
        catch (Exception e)
        {
            scene.Note(name, $"{what}: {(e is DatabaseException known ? known.Code : e.GetType().Name)}");
            if (e is not DatabaseException { Code: var code } || !fine.Contains(code))
            {
                Judge(e);
            }

            return false;
        }
    }

    /// <summary>A query as a snapshot's.</summary>
    private async Task<(long Version, IReadOnlyList<IReadOnlyList<SqlValue>> Rows)> QueryAsync(Statement query, ReadLevel level)
    {
        await using var rows = await instance.Database.QueryAsync(query, level);
        List<IReadOnlyList<SqlValue>> all = [];
        while (await rows.ReadAsync() is { Count: > 0 } some)
        {
            all.AddRange(some);
        }

        return (rows.Version, all);
    }

    /// <summary>A query as a batch that changes nothing, in line with the writes.</summary>
    private async Task<(long Version, IReadOnlyList<IReadOnlyList<SqlValue>> Rows)> ExecuteAsync(Statement query)
    {
        var result = await instance.Database.ExecuteAsync(query);
        return (result.Version, result.Results[0].Rows);
    }

    /// <summary>A level, and the least version that it promises.</summary>
    private (ReadLevel Level, long Least) Level()
    {
        switch (dice.Weighted([0.55, 0.2, 0.25]))
        {
            case 0:
                return (ReadLevel.Strong, scene.Knowledge.Newest);
            case 1:
                long version = Math.Max(0, scene.Knowledge.Newest - dice.Below(4));
                return (ReadLevel.AtLeast(version), version);
            default:
                // By its own clock, which may be too slow.
                var age = dice.UpTo(TimeSpan.FromSeconds(4));
                return (ReadLevel.StaleBy(age), scene.Knowledge.Before(scene.Now - (age / instance.Clock.Rate)));
        }
    }

    private async Task<T?> SendAsync<T>(
        Write write, Instance where, Func<Instance, CancellationToken, Task<T>> call, Func<T, long> versionOf, Action<T> landed)
        where T : class
    {
        int send = write.Send(where);
        var began = scene.Now;
        scene.Note(name, $"sends {write.Marker} {write.Kind} to {where.Name}");
        using var cancel = dice.Chance(0.04) ? new CancellationTokenSource(dice.UpTo(TimeSpan.FromMilliseconds(300)), where.Clock) : new CancellationTokenSource();
        try
        {
            var answer = call(where, cancel.Token);
            if (where != instance && await Task.WhenAny(answer, where.Died) != answer)
            {
                // The other process has died, and its connection with it.
                return null;
            }

            var result = await answer;
            if (where.IsDead)
            {
                return null;
            }

            write.Land(send, versionOf(result), scene.Moment());
            scene.Knowledge.Hear(scene.Now, versionOf(result));
            landed(result);
            Waited();
            return result;
        }
        catch (Exception e)
        {
            if (!where.IsDead)
            {
                write.Fail(send, e is not DatabaseException { OutcomeKnown: false }, Judge(e, cancel.IsCancellationRequested, where));
                Waited();
            }

            return null;
        }

        void Waited()
        {
            scene.Note(name, $"hears of {write}");
            scene.Waited(write, scene.Now - began);
        }
    }

    /// <summary>Whether an exception is one that a caller may get. Gives it in words.</summary>
    private string Judge(Exception e, bool cancelled = false, Instance? where = null)
    {
        where ??= instance;
        bool isFine = where.IsDead || e switch
        {
            DatabaseException { Code: ErrorCodes.RetriesExhausted } => scene.MayGiveUp,
            DatabaseException { Kind: ErrorKind.Internal } => false,
            DatabaseException { Kind: ErrorKind.Corrupt } => scene.MayBeDamaged,
            DatabaseException { Kind: ErrorKind.Unavailable or ErrorKind.Conflict } => true,
            DatabaseException { Code: ErrorCodes.Sql, SqliteCode: var code } => (code & 0xFF) == SQLitePCL.raw.SQLITE_CONSTRAINT,
            SqliteException { SqliteErrorCode: var code } => code == SQLitePCL.raw.SQLITE_CONSTRAINT,
            OperationCanceledException => cancelled,
            ObjectDisposedException => where.IsEnded,
            _ => false,
        };
        if (!isFine)
        {
            scene.Fail(new CheckFailedException($"{name} met an error that it should never meet: {e}"));
        }

        return e is DatabaseException known ? known.Code : e.GetType().Name;
    }

    private void Compare(ref BatchResult? first, BatchResult given, Write write)
    {
        if (first is null)
        {
            first = given;
            return;
        }

        bool isSame = given.Version == first.Version
            && given.Results.Zip(first.Results).All(pair => pair.First.Rows.Count == pair.Second.Rows.Count
                && pair.First.Rows.Zip(pair.Second.Rows).All(rows => rows.First.SequenceEqual(rows.Second)));
        if (!isSame || (!given.Repeated && !first.Repeated))
        {
            scene.Fail(new CheckFailedException($"{write} was answered twice, and differently: version {first.Version} and {given.Version}."));
        }
    }
}

/// <summary>What a read gave.</summary>
/// <param name="IsStrong">Whether it was to see all that was known.</param>
/// <param name="IsSnapshot">Whether it saw exactly that version: a batch may see, besides, some of those that the same swap carries.</param>
/// <param name="Invoked">The moment at which it began.</param>
/// <param name="Answered">The moment of its answer.</param>
/// <param name="Version">The version that it saw.</param>
/// <param name="Rows">The rows.</param>
internal sealed record Reading(
    bool IsStrong, bool IsSnapshot, long Invoked, long Answered, long Version, IReadOnlyList<IReadOnlyList<SqlValue>> Rows);
