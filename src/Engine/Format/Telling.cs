namespace OrleansSqlite.Format;

/// <summary>
/// What the caller of a transaction has been told already, statement by statement: whoever runs the transaction in its place commits it only if it would
/// be told the same. Without a word on any statement, its caller has been told nothing, and the connection's settings alone must be the same.
/// </summary>
internal sealed record Telling
{
    private const byte TellsRowIdsFlag = 1;

    /// <summary>The settings of the caller's connection that the meaning of a statement depends on.</summary>
    public required string Settings { get; init; }

    /// <summary>The key of the digests.</summary>
    public required UInt128 Key { get; init; }

    /// <summary>What <c>last_insert_rowid()</c> was when the transaction began.</summary>
    public required long LastInsertRowId { get; init; }

    /// <summary>Whether the caller was told <c>last_insert_rowid()</c> after each statement, without asking for it.</summary>
    public required bool TellsRowIds { get; init; }

    /// <summary>What was told, one for each statement of the transaction; or none.</summary>
    public required IReadOnlyList<Told> Statements { get; init; }

    /// <summary>At least the bytes that it takes.</summary>
    public long Size() => InboxEntry.SizeOf(Settings) + 16 + 8 + 1 + ByteWriter.MaxVarint32Bytes + Statements.Sum(static told => told.Size());

    /// <summary>Writes it.</summary>
    public void Write(ref ByteWriter writer)
    {
        InboxEntry.Write(ref writer, Settings);
        writer.U128(Key);
        writer.I64(LastInsertRowId);
        writer.U8(TellsRowIds ? TellsRowIdsFlag : (byte)0);
        writer.Varint((ulong)Statements.Count);
        foreach (var told in Statements)
        {
            told.Write(ref writer);
        }
    }

    /// <summary>Reads it.</summary>
    /// <param name="reader">The rest of an entry.</param>
    /// <param name="statements">How many statements the entry has.</param>
    public static Telling Read(ref ByteReader reader, int statements)
    {
        string settings = InboxEntry.ReadText(ref reader);
        var key = reader.U128();
        long lastInsertRowId = reader.I64();
        byte flags = reader.U8();
        var told = new Told[InboxEntry.ReadCount(ref reader)];
        if (flags > TellsRowIdsFlag || (told.Length != 0 && told.Length != statements))
        {
            reader.Fail("what its caller was told does not fit its statements");
        }

        for (int i = 0; i < told.Length; i++)
        {
            told[i] = Told.Read(ref reader);
        }

        return new Telling { Settings = settings, Key = key, LastInsertRowId = lastInsertRowId, TellsRowIds = flags == TellsRowIdsFlag, Statements = told };
    }
}

/// <summary>What one statement told.</summary>
/// <param name="Rows">How many rows it gave.</param>
/// <param name="IsDone">Whether its caller was told that there were no more; else it was not asked for them.</param>
/// <param name="Changes">How many rows it changed.</param>
/// <param name="RowId"><c>last_insert_rowid()</c> after it, if its caller was told that.</param>
/// <param name="Content">The digest of its rows and of the names of its columns.</param>
/// <param name="Error">The error that it raised, with its code; null if it raised none.</param>
internal readonly record struct Told(long Rows, bool IsDone, long Changes, long RowId, (ulong, ulong, ulong, ulong) Content, string? Error)
{
    /// <summary>At least the bytes that it takes.</summary>
    public long Size() => (2 * ByteWriter.MaxVarint64Bytes) + 1 + 8 + 32 + InboxEntry.SizeOf(Error ?? "");

    /// <summary>Writes it.</summary>
    public void Write(ref ByteWriter writer)
    {
        writer.Varint((ulong)Rows);
        writer.U8(IsDone ? (byte)1 : (byte)0);
        writer.Varint((ulong)Changes);
        writer.I64(RowId);
        writer.U64(Content.Item1);
        writer.U64(Content.Item2);
        writer.U64(Content.Item3);
        writer.U64(Content.Item4);
        InboxEntry.Write(ref writer, Error ?? "");
    }

    /// <summary>Reads it.</summary>
    public static Told Read(ref ByteReader reader)
    {
        long rows = (long)reader.Varint();
        bool isDone = reader.U8() != 0;
        long changes = (long)reader.Varint();
        long rowId = reader.I64();
        var content = (reader.U64(), reader.U64(), reader.U64(), reader.U64());
        string error = InboxEntry.ReadText(ref reader);
        return new Told(rows, isDone, changes, rowId, content, error.Length == 0 ? null : error);
    }
}
