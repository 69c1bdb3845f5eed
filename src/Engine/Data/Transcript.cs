namespace OrleansSqlite.Data;

/// <summary>
/// What a transaction did and what its caller was told, in order: enough to do the same again and to find out whether it would be
/// told the same. Rows cost nothing but their digest, so its size grows with statements and parameters only.
/// </summary>
internal sealed class Transcript
{
    private const int EntryBytes = 64;
    private const int StatementBytes = 40;
    private const int ParameterBytes = 48;
    private readonly Chunks<RecordedStatement> statements = new();
    private readonly Chunks<ToldEntry> entries = new();

    /// <summary>Why the transaction can't be run again from this, if so.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>What <c>last_insert_rowid()</c> was when the transaction began: rolling back does not restore it.</summary>
    public long LastInsertRowId { get; private set; }

    /// <summary>The memory that it takes, in bytes; an estimate.</summary>
    public long Bytes { get; private set; }

    /// <summary>The number of entries.</summary>
    public int Count => entries.Count;

    /// <summary>An entry, to be changed in place until the next one is added.</summary>
    public ref ToldEntry this[int index] => ref entries[index];

    /// <summary>A statement.</summary>
    public ref RecordedStatement Statement(int index) => ref statements[index];

    /// <summary>A transaction begins: forgets the one before.</summary>
    /// <param name="lastInsertRowId">What <c>last_insert_rowid()</c> is now.</param>
    public void Begin(long lastInsertRowId)
    {
        Obstacle = null;
        LastInsertRowId = lastInsertRowId;
        Forget();
    }

    /// <summary>From here on it can't be run again: lets go of what it holds.</summary>
    public void Give(string obstacle)
    {
        Obstacle ??= obstacle;
        Forget();
    }

    /// <summary>A statement starts.</summary>
    /// <returns>Its number.</returns>
    public int Start(in RecordedStatement statement, in RunningDigest empty)
    {
        statements.Add() = statement;
        ref var entry = ref entries.Add();
        entry.Statement = statements.Count - 1;
        entry.Starts = true;
        entry.Content = empty;
        Bytes += StatementBytes + EntryBytes + statement.OwnBytes + (long)statement.Parameters.Length * ParameterBytes;
        return statements.Count - 1;
    }

    /// <summary>The entry for what a statement tells now: the last one, if that is its own and has not ended.</summary>
    public ref ToldEntry Of(int statement, in RunningDigest empty)
    {
        if (entries.Count > 0)
        {
            ref var last = ref entries[entries.Count - 1];
            if (last.Statement == statement && !last.Ends)
            {
                return ref last;
            }
        }

        Bytes += EntryBytes;
        ref var added = ref entries.Add();
        added.Statement = statement;
        added.Content = empty;
        return ref added;
    }

    private void Forget()
    {
        statements.Clear();
        entries.Clear();
        Bytes = 0;
    }
}

/// <summary>A statement as it was run.</summary>
/// <param name="Sql">Its own text, without its neighbours'.</param>
/// <param name="Parameters">Copies of its command's parameters.</param>
/// <param name="IsReadOnly">Whether it can't change anything.</param>
/// <param name="ChangesBefore">The connection's count of changes before it.</param>
/// <param name="OwnBytes">The memory of its text and its values, as far as they are its own.</param>
internal readonly record struct RecordedStatement(string Sql, RecordedParameter[] Parameters, bool IsReadOnly, int ChangesBefore, long OwnBytes);

/// <summary>What one statement told without another coming between.</summary>
internal struct ToldEntry
{
    /// <summary>The statement's number.</summary>
    public int Statement;

    /// <summary>Whether it started here.</summary>
    public bool Starts;

    /// <summary>Whether it ended here.</summary>
    public bool Ends;

    /// <summary>Whether it ended because there was no more, and not because its reader was closed.</summary>
    public bool IsDone;

    /// <summary>How many rows changed, if it ended here.</summary>
    public int Changes;

    /// <summary><c>last_insert_rowid()</c> after it, if the caller is told that.</summary>
    public long RowId;

    /// <summary>How many rows were given.</summary>
    public long Rows;

    /// <summary>The rows, and the names of the columns.</summary>
    public RunningDigest Content;

    /// <summary>The error that it raised.</summary>
    public string? Error;

    /// <summary>Whether the caller was told the same.</summary>
    public readonly bool Same(in ToldEntry other) =>
        Statement == other.Statement
        && Starts == other.Starts
        && Ends == other.Ends
        && IsDone == other.IsDone
        && Changes == other.Changes
        && RowId == other.RowId
        && Rows == other.Rows
        && Content.Equals(other.Content)
        && Error == other.Error;

    /// <summary>In what the caller was told differently, for the message: never the data themselves.</summary>
    public readonly string DifferenceFrom(in ToldEntry other) =>
        Error != other.Error ? "another error, or none"
        : Changes != other.Changes ? $"{Changes} rows changed, before it were {other.Changes}"
        : RowId != other.RowId ? "another id was given to a row"
        : Rows != other.Rows || IsDone != other.IsDone ? "another number of rows"
        : "other rows";
}
