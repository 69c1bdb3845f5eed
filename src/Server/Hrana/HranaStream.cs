using System.Data;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Data;
using OrleansSqlite.Transactions;
using SQLitePCL;

namespace OrleansSqlite.Server.Hrana;

/// <summary>
/// A stream of the protocol: a connection of its own, for one request at a time. Its transactions take no lock; one that loses a race
/// runs again at its COMMIT, and commits if the client would have been told the same.
/// </summary>
internal sealed class HranaStream(
    string database, bool mayWrite, DatabaseEngine engine, RowIdReservations reservations, OrleansSqliteServerOptions options, Action released) : IAsyncDisposable
{
    private readonly GivenRowIds rowIds = new(database, reservations);
    private OrleansSqliteConnection? connection;
    private Task running = Task.CompletedTask;
    private bool isDisposed;

    public string Database => database;

    /// <summary>Whether its client may do more than read.</summary>
    public bool MayWrite => mayWrite;

    /// <summary>SQL that was stored on it, over HTTP.</summary>
    public StoredSql Sql { get; } = new(options);

    /// <summary>About the memory that the answers take which have not been sent yet.</summary>
    public long AnswerBytes { get; set; }

    /// <summary>Carries out a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="sql">Where the SQL is that it may name.</param>
    /// <param name="cancellation">Interrupts it.</param>
    public async Task<HranaResponse> AnswerAsync(HranaRequest request, StoredSql sql, CancellationToken cancellation)
    {
        if (request is HranaRequest.Close)
        {
            await DisposeAsync();
            return new HranaResponse.Done("close");
        }

        long before = AnswerBytes;
        try
        {
            return await WithinAsync(() => RespondAsync(request, sql, cancellation), cancellation);
        }
        catch
        {
            AnswerBytes = before;
            throw;
        }
    }

    private async Task<HranaResponse> RespondAsync(HranaRequest request, StoredSql sql, CancellationToken cancellation)
    {
        switch (request)
        {
            case HranaRequest.Execute execute:
                var entries = new List<CursorEntry>();
                await RunAsync(0, execute.Statement, sql, Collector(entries), cancellation);
                return new HranaResponse.Execute(Collected.Statement(entries));
            case HranaRequest.Batch batch:
                return new HranaResponse.Batch(await BatchAsync(batch.Steps, sql, cancellation));
            case HranaRequest.Sequence sequence:
                // SQLite is asked where statements end, and it is there only once something was opened.
                await OpenAsync(cancellation);
                foreach (string statement in SqlScript.Split(sql.Text(sequence.Sql)))
                {
                    await ExecuteAsync(statement, [], [], 0, null, cancellation);
                }

                return new HranaResponse.Done("sequence");
            case HranaRequest.Describe describe:
                return new HranaResponse.Describe(await DescribeAsync(sql.Text(describe.Sql), cancellation));
            case HranaRequest.StoreSql store:
                sql.Store(store.SqlId, store.Sql);
                return new HranaResponse.Done("store_sql");
            case HranaRequest.CloseSql close:
                sql.Close(close.SqlId);
                return new HranaResponse.Done("close_sql");
            default:
                return new HranaResponse.GetAutocommit(IsAutocommit);
        }
    }

    /// <summary>Runs the steps of a batch whose conditions hold, and gives out their rows as they come.</summary>
    public Task GiveAsync(IReadOnlyList<BatchStep> steps, StoredSql sql, Func<CursorEntry, ValueTask> give, CancellationToken cancellation) => WithinAsync(
        async () =>
        {
            await RunAsync(
                steps,
                sql,
                entry =>
                {
                    // What was left behind gives nothing any more.
                    cancellation.ThrowIfCancellationRequested();
                    return give(entry);
                },
                cancellation);
            return true;
        },
        cancellation);

    private async Task RunAsync(IReadOnlyList<BatchStep> steps, StoredSql sql, Func<CursorEntry, ValueTask> give, CancellationToken cancellation)
    {
        if (steps.Count > options.BatchSteps)
        {
            throw new HranaException("BATCH_TOO_LARGE", $"The batch has {steps.Count} steps; this server takes up to {options.BatchSteps}. Split it.");
        }

        var outcomes = new StepOutcome[steps.Count];
        for (int i = 0; i < steps.Count; i++)
        {
            if (steps[i].Condition is { } condition && !BatchConditions.Holds(condition, outcomes.AsSpan(0, i), () => IsAutocommit))
            {
                continue;
            }

            try
            {
                await RunAsync(i, steps[i].Statement, sql, give, cancellation);
                outcomes[i] = StepOutcome.Ok;
            }
            catch (Exception error) when (error is SqliteException or DatabaseException or HranaException)
            {
                outcomes[i] = StepOutcome.Failed;
                await give(new CursorEntry.StepError(i, HranaErrors.From(error)));
            }
        }
    }

    /// <summary>Runs a batch for a cursor, and keeps what it gives.</summary>
    public async Task<Queue<CursorEntry>> CollectAsync(IReadOnlyList<BatchStep> steps, StoredSql sql, CancellationToken cancellation)
    {
        List<CursorEntry> entries = [];
        await GiveAsync(steps, sql, Collector(entries), cancellation);
        return new Queue<CursorEntry>(entries);
    }

    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        if (running.IsCompleted)
        {
            await CloseAsync();
        }
        else
        {
            // A statement that was left behind: its connection is closed, and its place free, when it ends.
            _ = running.ContinueWith(_ => CloseAsync(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <summary>Runs work to its end, or until shortly after it was cancelled.</summary>
    private Task<T> WithinAsync<T>(Func<Task<T>> work, CancellationToken cancellation)
    {
        if (!running.IsCompleted)
        {
            throw new HranaException("STREAM_BUSY", "A statement of this stream was cancelled and has not ended yet. Open another stream.");
        }

        // SQLite holds the thread that it runs on, so that must not be the one that waits.
        var run = Task.Run(work, CancellationToken.None);
        running = run;
        return InterruptedWork.EndAsync(run, TimeProvider.System, cancellation);
    }

    private async Task CloseAsync()
    {
        try
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }
        }
        finally
        {
            rowIds.Leave();
            released();
        }
    }

    private bool IsAutocommit => connection?.Execution?.IsAutocommit ?? true;

    /// <summary>A batch that is a transaction has told nobody anything before it is answered: if it loses a race, all of it runs again.</summary>
    private async Task<BatchAnswer> BatchAsync(IReadOnlyList<BatchStep> steps, StoredSql sql, CancellationToken cancellation)
    {
        bool isUnit = IsAutocommit && steps.Count > 0 && BatchConditions.IsTransaction(steps, sql);
        RetryBound? bound = null;
        long before = AnswerBytes;
        while (true)
        {
            AnswerBytes = before;
            var entries = new List<CursorEntry>();
            await RunAsync(steps, sql, Collector(entries), cancellation);
            bool lost = isUnit && IsAutocommit && entries.Any(entry => entry is CursorEntry.StepError { Error.Code: HranaErrors.Conflict });
            if (!lost || !(bound ??= connection!.Execution!.RetryBound()).MayTryAgain())
            {
                return Collected.Batch(entries, steps.Count);
            }
        }
    }

    private async Task RunAsync(int step, HranaStatement statement, StoredSql sql, Func<CursorEntry, ValueTask> give, CancellationToken cancellation)
    {
        await OpenAsync(cancellation);
        var texts = SqlScript.Split(sql.Text(statement.Sql));
        if (texts.Count != 1)
        {
            throw texts.Count == 0
                ? new HranaException("SQL_NO_STATEMENT", "The SQL has no statement.")
                : new HranaException("SQL_MANY_STATEMENTS", "The SQL has more than one statement. Send them as a batch or with sequence (executeMultiple).");
        }

        await ExecuteAsync(texts[0], statement.Arguments, statement.NamedArguments, step, give, cancellation, statement.WantsRows);
    }

    private async Task ExecuteAsync(
        string sql, IReadOnlyList<SqlValue> arguments, IReadOnlyList<KeyValuePair<string, SqlValue>> named,
        int step, Func<CursorEntry, ValueTask>? give, CancellationToken cancellation, bool wantsRows = false)
    {
        var open = await OpenAsync(cancellation);
        var execution = open.Execution!;
        bool wasAutocommit = IsAutocommit;
        string text = Begin(sql, out bool onlyReads);
        nint db = open.Handle!.DangerousGetHandle();
        int before = TraceNative.TotalChanges(db);
        rowIds.Enter();
        try
        {
            if (!wasAutocommit)
            {
                text = rowIds.Give(text, table => Shape(open, table));
            }

            await using var command = new OrleansSqliteCommand(SqlScript.Number(text, out var parameters), open);
            StreamParameters.Bind(command, parameters, arguments, named);
            using var interrupt = cancellation.UnsafeRegister(static running => ((Execution)running!).Interrupt(), execution);
            await using var reader = await ReaderAsync(command, wasAutocommit, cancellation);
            int columns = reader.FieldCount;
            if (give is not null)
            {
                await give(new CursorEntry.StepBegin(step, StreamRows.Columns(reader)));
            }

            while (columns > 0 && reader.Read())
            {
                cancellation.ThrowIfCancellationRequested();
                if (give is not null && wantsRows)
                {
                    await give(new CursorEntry.Row(StreamRows.Values(reader, columns)));
                }
            }
        }
        catch (SqliteException error) when (error is not OrleansSqliteException)
        {
            if (error.SqliteErrorCode == raw.SQLITE_INTERRUPT)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            throw DataErrors.Classify(error, open);
        }
        finally
        {
            if (IsAutocommit)
            {
                rowIds.Leave();
            }
        }

        if (wasAutocommit && !IsAutocommit)
        {
            open.LetOnlyRead(onlyReads);
        }
        else if (!wasAutocommit && IsAutocommit)
        {
            open.LetOnlyRead(false);
        }

        if (give is not null)
        {
            bool changed = wasAutocommit == IsAutocommit && TraceNative.TotalChanges(db) != before;
            await give(new CursorEntry.StepEnd(changed ? raw.sqlite3_changes(open.Handle!) : 0, raw.sqlite3_last_insert_rowid(open.Handle!)));
        }
    }

    /// <summary>
    /// What commits holds its thread until the store has answered. Many at once would leave the pool without threads for those who are
    /// to be answered, so they have threads of their own.
    /// </summary>
    private static Task<SqliteDataReader> ReaderAsync(OrleansSqliteCommand command, bool wasAutocommit, CancellationToken cancellation)
    {
        bool commits = wasAutocommit ? !command.Text.Reads : command.Text.EndsTransaction;
        return commits
            ? Task.Factory.StartNew(
                () => command.ExecuteReaderAsync(CommandBehavior.Default, cancellation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()
            : command.ExecuteReaderAsync(CommandBehavior.Default, cancellation);
    }

    /// <summary>Reads a table's shape, of which the client is told nothing.</summary>
    private static TableShape? Shape(OrleansSqliteConnection open, string table)
    {
        TableShape? shape = null;
        open.Execution!.Aside(() => shape = TableShape.Read(open.Handle!, table));
        return shape;
    }

    /// <summary>libSQL has a BEGIN that SQLite does not know.</summary>
    private static string Begin(string sql, out bool onlyReads)
    {
        var words = sql.TrimEnd().TrimEnd(';').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        onlyReads = words is [var begin, .., var last]
            && begin.Equals("BEGIN", StringComparison.OrdinalIgnoreCase) && last.Equals("READONLY", StringComparison.OrdinalIgnoreCase);
        return onlyReads ? "BEGIN" : sql;
    }

    private async Task<DescribeAnswer> DescribeAsync(string sql, CancellationToken cancellation)
    {
        var open = await OpenAsync(cancellation);
        await using var command = new OrleansSqliteCommand(sql, open);
        DescribeAnswer? answer = null;
        open.Execution!.Prepare(command, () =>
        {
            int code = raw.sqlite3_prepare_v2(open.Handle!, Begin(sql, out _), out var statement);
            if (code != raw.SQLITE_OK)
            {
                throw open.Refused
                    ?? DataErrors.Classify(new SqliteException(raw.sqlite3_errmsg(open.Handle!).utf8_to_string(), code), open);
            }

            using (statement)
            {
                if (statement.IsInvalid)
                {
                    throw new HranaException("SQL_NO_STATEMENT", "The SQL has no statement.");
                }

                answer = new DescribeAnswer(
                    [.. Enumerable.Range(1, raw.sqlite3_bind_parameter_count(statement)).Select(i => raw.sqlite3_bind_parameter_name(statement, i).utf8_to_string())],
                    StreamRows.Columns(statement),
                    raw.sqlite3_stmt_isexplain(statement) != 0,
                    raw.sqlite3_stmt_readonly(statement) != 0);
            }
        });
        return answer!;
    }

    private async ValueTask<OrleansSqliteConnection> OpenAsync(CancellationToken cancellation)
    {
        if (connection is null)
        {
            var settings = new OrleansSqliteConnectionStringBuilder { DataSource = database, Mode = mayWrite ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadOnly };
            var opened = new OrleansSqliteConnection(() => Task.FromResult(engine), settings.ConnectionString);
            try
            {
                await opened.OpenAsync(cancellation);
                opened.Confine();
            }
            catch
            {
                await opened.DisposeAsync();
                throw;
            }

            connection = opened;
        }

        return connection;
    }

    /// <summary>Keeps what comes, up to the limit of an answer.</summary>
    private Func<CursorEntry, ValueTask> Collector(List<CursorEntry> entries)
    {
        return entry =>
        {
            AnswerBytes += Collected.Bytes(entry);
            if (AnswerBytes > options.StreamAnswerBytes)
            {
                throw new HranaException(
                    "RESPONSE_TOO_LARGE", $"The answer has more than {options.StreamAnswerBytes} bytes. Ask for fewer rows, or read them with a cursor.");
            }

            entries.Add(entry);
            return ValueTask.CompletedTask;
        };
    }
}
