using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Data;

/// <summary>A parameter as it was when its statement started: what the caller does with it afterwards changes nothing here.</summary>
internal readonly struct RecordedParameter
{
    private readonly string name;
    private readonly object? value;
    private readonly SqliteType type;
    private readonly int size;

    private RecordedParameter(SqliteParameter parameter, ref long bytes)
    {
        name = parameter.ParameterName;
        value = parameter.Value;
        switch (value)
        {
            case null or DBNull:
                return;
            case string text:
                size = parameter.Size;
                bytes += 2L * text.Length;
                break;
            case byte[] array:
                value = array.Clone();
                size = parameter.Size;
                bytes += array.Length;
                break;
            case ReadOnlyMemory<byte> memory:
                value = memory.ToArray();
                bytes += memory.Length;
                break;
            case Memory<byte> memory:
                value = memory.ToArray();
                bytes += memory.Length;
                break;
        }

        // Asked for, type and size are the ones that will be bound, whether they were set or follow from the value.
        type = parameter.SqliteType;
    }

    /// <summary>Copies all parameters.</summary>
    /// <param name="parameters">A command's parameters.</param>
    /// <param name="bytes">The memory of their values.</param>
    public static RecordedParameter[] Copy(SqliteParameterCollection parameters, out long bytes)
    {
        bytes = 0;
        var copies = new RecordedParameter[parameters.Count];
        for (int i = 0; i < copies.Length; i++)
        {
            copies[i] = new RecordedParameter(parameters[i], ref bytes);
        }

        return copies;
    }

    /// <summary>The parameter, to be bound as it was.</summary>
    public SqliteParameter ToParameter()
    {
        var parameter = new SqliteParameter(name, value);
        if (value is not (null or DBNull))
        {
            parameter.SqliteType = type;
            if (value is string or byte[])
            {
                // Of a memory the size was never set: its bytes are bound whole.
                parameter.Size = size == 0 && value is byte[] { Length: var length } ? length : size;
            }
        }

        return parameter;
    }
}
