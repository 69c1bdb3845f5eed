using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansSqlite.Vfs;

/// <summary>
/// Which tables the running transaction of a connection has touched, for those who follow the changes of a database. SQLite tells so before it changes a row;
/// a savepoint that is rolled back takes nothing away again.
/// </summary>
internal sealed unsafe class TouchedTables
{
    /// <summary>Stands for all changes of the schema.</summary>
    public const string Schema = "sqlite_schema";

    private const int MaxKnown = 256;

    private readonly List<(byte[] Utf8, string Name)> known = [];
    private readonly HashSet<string> touched = new(StringComparer.Ordinal);
    private byte[] last = [];

    /// <summary>Lets SQLite tell a stored file of the rows that change on a connection.</summary>
    public static void Watch(SQLitePCL.sqlite3 handle)
    {
        nint db = handle.DangerousGetHandle();
        SqliteFile* file;
        fixed (byte* main = "main\0"u8)
        {
            int code = Native.FileControl(db, main, Code.ControlFilePointer, &file);
            Microsoft.Data.Sqlite.SqliteException.ThrowExceptionForRC(code, handle);
        }

        Native.WatchChanges(db, &BeforeChange, file);
    }

    /// <summary>A row of a table is about to change.</summary>
    public void Add(ReadOnlySpan<byte> table)
    {
        // Row after row it is the same one.
        if (table.SequenceEqual(last))
        {
            return;
        }

        touched.Add(NameOf(table));
    }

    /// <summary>Begins anew, with the next transaction.</summary>
    public void Clear()
    {
        touched.Clear();
        last = [];
    }

    /// <summary>What was touched.</summary>
    public string[] ToArray() => [.. touched];

    private string NameOf(ReadOnlySpan<byte> table)
    {
        foreach (var (utf8, name) in known)
        {
            if (table.SequenceEqual(utf8))
            {
                last = utf8;
                return name;
            }
        }

        if (known.Count == MaxKnown)
        {
            known.Clear();
        }

        last = table.ToArray();
        known.Add((last, Encoding.UTF8.GetString(table)));
        return known[^1].Name;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void BeforeChange(SqliteFile* file, nint db, int operation, byte* database, byte* table, long oldRow, long newRow)
    {
        // Not what is temporary, or attached: this is "main".
        if (MemoryMarshal.CreateReadOnlySpanFromNullTerminated(database).SequenceEqual("main"u8))
        {
            StoredFileCallbacks.Of(file).Touched.Add(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(table));
        }
    }
}
