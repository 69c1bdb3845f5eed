using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Data;

/// <summary>
/// Writes the transcript of the transactions of one connection, from SQLite's own trace: which statements start, which rows they
/// give, how they end. So it sees what readers of any kind are told, before they are.
/// </summary>
internal sealed unsafe class Recorder(nint db, UInt128 key, long maxBytes) : IDisposable
{
    private readonly StatementTrace trace = new(db);
    private readonly RunningDigest empty = new(key);
    private readonly List<(nint Statement, int Number)> active = [];
    private readonly List<OrleansSqliteCommand> readers = [];
    private HashSet<nint>? earlier;
    private (nint Statement, int Number) lastEnded;
    private (nint Statement, string? Sql, int Compiled, RunningDigest Names) lastNames;
    private int unsettled = -1;

    /// <summary>The transcript of the running transaction.</summary>
    public Transcript Transcript { get; private set; } = new();

    /// <summary>The key of its digests.</summary>
    public UInt128 Key => key;

    /// <summary>The command that is being executed: what starts now is its.</summary>
    public OrleansSqliteCommand? Current { get; private set; }

    /// <summary>How many statements of the current command have started.</summary>
    public int StatementsRun { get; private set; }

    /// <summary>Set while this library runs statements of its own.</summary>
    public bool IsSuspended { get; set; }

    /// <summary>Whether the caller is told <c>last_insert_rowid()</c> after each statement, without asking for it.</summary>
    public bool TellsRowIds { get; set; }

    /// <summary>Leaves the rows out of the digest: for the test that shows that this would be noticed.</summary>
    internal bool IgnoresRows { get; set; }

    /// <summary>Whether the trace is on.</summary>
    public bool IsOn => trace.IsOn;

    /// <summary>A command is about to be executed.</summary>
    public void Enter(OrleansSqliteCommand command)
    {
        Current = command;
        StatementsRun = 0;
        trace.TellsEnds = true;
    }

    /// <summary>
    /// A command is about to be executed within a transaction. If it is one that only writes, as is known from when it ran before,
    /// and nothing else is under way, then its statement ends with its execution, and SQLite need not say so.
    /// </summary>
    /// <returns>Whether the caller is to say so, by <see cref="Executed"/>.</returns>
    public bool EnterWithin(OrleansSqliteCommand command)
    {
        Current = command;
        StatementsRun = 0;
        bool endsUntold = active.Count == 0 && readers.Count == 0 && command.Statements.OnlyWrites(command.CommandText);
        trace.TellsEnds = !endsUntold;
        return endsUntold;
    }

    /// <summary>The command that was entered so has been executed, with success or an error: its statement has ended, if it started.</summary>
    public void Executed(OrleansSqliteCommand command)
    {
        if (Transcript.Obstacle is null && TryFindActive(command.Statements.Compiled, out int number, out int place))
        {
            End(command.Statements.Compiled, number, place, isDone: true);
        }
    }

    /// <summary>The command is no longer being executed; its reader may be open.</summary>
    public void Leave() => Current = null;

    /// <summary>Readers that are open: their further statements start when the caller asks for the next result.</summary>
    public void Opened(OrleansSqliteCommand command) => readers.Add(command);

    /// <summary>A reader was closed.</summary>
    public void Closed(OrleansSqliteCommand command) => readers.Remove(command);

    /// <summary>Turns the trace on. Reads outside of a transaction do without.</summary>
    public void TurnOn() => trace.TurnOn(this);

    /// <summary>Turns the trace off, between transactions.</summary>
    public void TurnOff() => trace.TurnOff();

    /// <summary>Begins a new transcript and gives the one so far.</summary>
    public Transcript Replace()
    {
        var old = Transcript;
        Settle();
        Transcript = new Transcript();
        Begin();
        return old;
    }

    /// <summary>The transaction can't be run again.</summary>
    public void Give(string obstacle)
    {
        Transcript.Give(obstacle);
        Forget();
    }

    /// <summary>The current command raised an error, which the caller is told.</summary>
    public void Fail(OrleansSqliteCommand command, SqliteException error)
    {
        if (Transcript.Obstacle is not null)
        {
            return;
        }

        if (StatementsRun == 0)
        {
            // It could not be compiled.
            Transcript.Start(new RecordedStatement(command.CommandText, RecordedParameter.Copy(command.Parameters, out long bytes), true, 0, bytes), empty);
        }

        if (Transcript.Count == 0)
        {
            return;
        }

        // The error of a statement that has ended belongs to its last entry.
        Transcript[Transcript.Count - 1].Error = $"{error.SqliteExtendedErrorCode}: {error.Message}";
    }

    /// <summary>Counts of changes are right only once a statement has been reset: puts in the last one.</summary>
    public void Settle()
    {
        if (unsettled >= 0 && unsettled < Transcript.Count)
        {
            ref var entry = ref Transcript[unsettled];
            entry.Changes = ChangesOf(entry.Statement);
        }

        unsettled = -1;
    }

    /// <inheritdoc/>
    public void Dispose() => trace.Dispose();

    /// <summary>A statement starts.</summary>
    public void OnStatement(nint statement, byte* text)
    {
        if (text != TraceNative.Sql(statement))
        {
            // A trigger, or SQL within another statement (FTS5, ANALYZE): those are traced as a comment, which is a copy.
            return;
        }

        var command = Current;
        string? sql = command?.Statements.TextOf(statement, command.CommandText);
        if (command is not null && sql is null)
        {
            // SQLite's own, while it compiles a statement (FTS5).
            return;
        }

        bool isFirst = TraceNative.IsAutocommit(db) != 0;
        if (isFirst)
        {
            Begin();
        }
        else
        {
            Settle();
        }

        StatementsRun++;
        if (Transcript.Obstacle is not null)
        {
            return;
        }

        if (command is null && !TryFindReader(statement, out command, out sql))
        {
            Give("a statement came from a command that this connection did not make");
            return;
        }

        RecordedParameter[] parameters = [];
        long bytes = command.Statements.IsWhole ? 0 : 2L * sql!.Length;
        if (TraceNative.ParameterCount(statement) > 0)
        {
            parameters = RecordedParameter.Copy(command.Parameters, out long values);
            bytes += values;
        }

        bool isReadOnly = TraceNative.IsReadOnly(statement) != 0;
        if (!isReadOnly)
        {
            // It may change the schema, and with it the names of columns.
            lastNames = default;
        }

        lastEnded = default;
        active.Add((statement, Transcript.Start(new RecordedStatement(sql!, parameters, isReadOnly, TraceNative.TotalChanges(db), bytes), empty)));
        if (Transcript.Bytes > maxBytes)
        {
            Give($"its record has more than {maxBytes} bytes (the setting Record Bytes)");
        }
    }

    /// <summary>A statement gives a row.</summary>
    public void OnRow(nint statement)
    {
        if (Transcript.Obstacle is not null || TraceNative.IsAutocommit(db) != 0)
        {
            return;
        }

        if (!TryFindActive(statement, out int number, out _) && !TryRevive(statement, out number))
        {
            OnForeignRow(statement);
            return;
        }

        ref var entry = ref Transcript.Of(number, empty);
        entry.Rows++;
        if (!IgnoresRows)
        {
            DigestedRow.Add(statement, ref entry.Content);
        }
    }

    /// <summary>A row of a statement that did not start in this transaction.</summary>
    private void OnForeignRow(nint statement)
    {
        if (TraceNative.Sql(statement) == null)
        {
            // SQLite loads its schema so (five columns), and FTS5 reads blobs within a statement. Else it is somebody's blob.
            if (Current is null && TraceNative.DataCount(statement) != 5)
            {
                Give("it reads or writes a blob incrementally (SqliteBlob)");
            }
        }
        else if (earlier is not null && earlier.Contains(statement))
        {
            Give("it read on in a reader that was opened before it");
        }
    }

    /// <summary>A statement has ended, or was reset.</summary>
    public void OnEnd(nint statement)
    {
        if (Transcript.Obstacle is not null)
        {
            return;
        }

        if (!TryFindActive(statement, out int number, out int place))
        {
            if (TraceNative.Sql(statement) == null || !TryRevive(statement, out number))
            {
                return;
            }

            place = active.Count - 1;
        }

        End(statement, number, place, TraceNative.IsBusy(statement) == 0);
        if (TraceNative.ColumnCount(statement) is > 0 and int columns)
        {
            // The caller is told the names, too: they change if a rival alters the table under a SELECT *.
            AddNames(statement, Transcript.Statement(number).Sql, columns, ref Transcript[Transcript.Count - 1].Content);
        }
    }

    private void End(nint statement, int number, int place, bool isDone)
    {
        active.RemoveAt(place);
        lastEnded = (statement, number);
        bool isReadOnly = Transcript.Statement(number).IsReadOnly;
        ref var entry = ref Transcript.Of(number, empty);
        entry.Ends = true;
        entry.IsDone = isDone;
        if (!isReadOnly)
        {
            entry.RowId = TellsRowIds ? TraceNative.LastInsertRowId(db) : 0;
            if (isDone)
            {
                entry.Changes = ChangesOf(number);
            }
            else
            {
                unsettled = Transcript.Count - 1;
            }
        }
    }

    /// <summary>
    /// If the schema has changed, sqlite3_step ends the statement, compiles it anew and runs it, without saying that it starts:
    /// takes the end back.
    /// </summary>
    private bool TryRevive(nint statement, out int number)
    {
        number = lastEnded.Number;
        if (statement != lastEnded.Statement
            || Transcript.Count == 0
            || Marshal.PtrToStringUTF8((nint)TraceNative.Sql(statement)) != Transcript.Statement(number).Sql)
        {
            return false;
        }

        ref var entry = ref Transcript[Transcript.Count - 1];
        if (!entry.Ends || entry.Statement != number)
        {
            return false;
        }

        (entry.Ends, entry.IsDone, entry.Changes, entry.Content) = (false, false, 0, empty);
        lastEnded = default;
        lastNames = default;
        unsettled = -1;
        active.Add((statement, number));
        return true;
    }

    /// <summary>Few statements are active at a time, and the newest is asked for most.</summary>
    private bool TryFindActive(nint statement, out int number, out int place)
    {
        for (place = active.Count - 1; place >= 0; place--)
        {
            if (active[place].Statement == statement)
            {
                number = active[place].Number;
                return true;
            }
        }

        number = 0;
        return false;
    }

    private bool TryFindReader(nint statement, [NotNullWhen(true)] out OrleansSqliteCommand? command, out string? sql)
    {
        (command, sql) = (null, null);
        foreach (var reader in readers)
        {
            if (reader.Statements.TextOf(statement, reader.CommandText) is { } found)
            {
                if (command is not null)
                {
                    // Two readers could have started it, with different parameters.
                    return false;
                }

                (command, sql) = (reader, found);
            }
        }

        return command is not null;
    }

    /// <summary>A transaction begins, or a statement that is one by itself.</summary>
    private void Begin()
    {
        Transcript.Begin(TraceNative.LastInsertRowId(db));
        Forget();
        earlier = null;
        for (nint other = TraceNative.NextStatement(db, 0); other != 0; other = TraceNative.NextStatement(db, other))
        {
            if (TraceNative.IsBusy(other) != 0)
            {
                (earlier ??= []).Add(other);
            }
        }
    }

    private void Forget()
    {
        active.Clear();
        lastEnded = default;
        lastNames = default;
        unsettled = -1;
    }

    /// <summary>SQLite keeps an old count over statements that change nothing.</summary>
    private int ChangesOf(int number) =>
        TraceNative.TotalChanges(db) == Transcript.Statement(number).ChangesBefore ? 0 : TraceNative.Changes(db);

    private void AddNames(nint statement, string sql, int columns, ref RunningDigest digest)
    {
        int compiled = TraceNative.Status(statement, TraceNative.Reprepared, 0);
        if (lastNames.Statement != statement || lastNames.Compiled != compiled || !ReferenceEquals(lastNames.Sql, sql))
        {
            var names = empty;
            DigestedRow.AddNames(statement, columns, ref names);
            lastNames = (statement, sql, compiled, names);
        }

        digest.Add(lastNames.Names);
    }
}
