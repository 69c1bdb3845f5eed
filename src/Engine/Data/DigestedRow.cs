using System.Runtime.InteropServices;

namespace OrleansSqlite.Data;

/// <summary>What a digest takes in of a statement: the values of a row with their types, and the names of the columns.</summary>
internal static unsafe class DigestedRow
{
    /// <summary>Adds the row that the statement stands on.</summary>
    public static void Add(nint statement, ref RunningDigest digest)
    {
        int columns = TraceNative.DataCount(statement);
        digest.Add((ulong)columns);
        for (int i = 0; i < columns; i++)
        {
            // Of a value one may ask only while the connection's mutex is held, as it is in the trace; it takes no mutex by itself.
            nint value = TraceNative.ColumnValue(statement, i);
            int type = TraceNative.ValueType(value);
            digest.Add((ulong)type);
            switch (type)
            {
                case SQLitePCL.raw.SQLITE_INTEGER:
                    digest.Add((ulong)TraceNative.ValueInteger(value));
                    break;
                case SQLitePCL.raw.SQLITE_FLOAT:
                    digest.Add(BitConverter.DoubleToUInt64Bits(TraceNative.ValueReal(value)));
                    break;
                case SQLitePCL.raw.SQLITE_TEXT or SQLitePCL.raw.SQLITE_BLOB:
                    byte* bytes = TraceNative.ValueBlob(value);
                    digest.Add(bytes, bytes == null ? 0 : TraceNative.ValueBytes(value));
                    break;
            }
        }
    }

    /// <summary>Adds the names of the columns.</summary>
    public static void AddNames(nint statement, int columns, ref RunningDigest digest)
    {
        for (int i = 0; i < columns; i++)
        {
            byte* name = TraceNative.ColumnName(statement, i);
            digest.Add(name, name == null ? 0 : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name).Length);
        }
    }
}
