using System.Runtime.InteropServices;

namespace OrleansSqlite.Data;

/// <summary>
/// The parts of SQLite's C interface that are called for every statement and row of a recorded transaction. Most are a few
/// instructions long, and are called without telling the garbage collector; those that may convert or allocate are not.
/// </summary>
internal static unsafe partial class TraceNative
{
    public const uint Statement = 1;
    public const uint Profile = 2;
    public const uint Row = 4;

    public const int Reprepared = 5;

    private const string Library = "e_sqlite3";

    [LibraryImport(Library, EntryPoint = "sqlite3_trace_v2")]
    public static partial int Trace(nint db, uint mask, delegate* unmanaged[Cdecl]<uint, nint, nint, nint, int> callback, nint context);

    [LibraryImport(Library, EntryPoint = "sqlite3_set_authorizer")]
    public static partial int SetAuthorizer(nint db, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, byte*, byte*, int> callback, nint context);

    [LibraryImport(Library, EntryPoint = "sqlite3_next_stmt")]
    public static partial nint NextStatement(nint db, nint after);

    [LibraryImport(Library, EntryPoint = "sqlite3_value_blob")]
    public static partial byte* ValueBlob(nint value);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_name")]
    public static partial byte* ColumnName(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_sql")]
    [SuppressGCTransition]
    public static partial byte* Sql(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_data_count")]
    [SuppressGCTransition]
    public static partial int DataCount(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_count")]
    [SuppressGCTransition]
    public static partial int ColumnCount(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_value")]
    [SuppressGCTransition]
    public static partial nint ColumnValue(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_value_type")]
    [SuppressGCTransition]
    public static partial int ValueType(nint value);

    [LibraryImport(Library, EntryPoint = "sqlite3_value_int64")]
    [SuppressGCTransition]
    public static partial long ValueInteger(nint value);

    [LibraryImport(Library, EntryPoint = "sqlite3_value_double")]
    [SuppressGCTransition]
    public static partial double ValueReal(nint value);

    [LibraryImport(Library, EntryPoint = "sqlite3_value_bytes")]
    [SuppressGCTransition]
    public static partial int ValueBytes(nint value);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_parameter_count")]
    [SuppressGCTransition]
    public static partial int ParameterCount(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_stmt_busy")]
    [SuppressGCTransition]
    public static partial int IsBusy(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_stmt_readonly")]
    [SuppressGCTransition]
    public static partial int IsReadOnly(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_stmt_status")]
    [SuppressGCTransition]
    public static partial int Status(nint statement, int counter, int reset);

    [LibraryImport(Library, EntryPoint = "sqlite3_get_autocommit")]
    [SuppressGCTransition]
    public static partial int IsAutocommit(nint db);

    [LibraryImport(Library, EntryPoint = "sqlite3_changes")]
    [SuppressGCTransition]
    public static partial int Changes(nint db);

    [LibraryImport(Library, EntryPoint = "sqlite3_total_changes")]
    [SuppressGCTransition]
    public static partial int TotalChanges(nint db);

    [LibraryImport(Library, EntryPoint = "sqlite3_last_insert_rowid")]
    [SuppressGCTransition]
    public static partial long LastInsertRowId(nint db);
}
