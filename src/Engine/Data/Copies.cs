using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Data;

/// <summary>Copies of parameters: what the caller does with its own afterwards changes nothing that was recorded.</summary>
internal static class Copies
{
    /// <summary>Copies all parameters.</summary>
    /// <param name="parameters">A command's parameters.</param>
    /// <param name="bytes">The memory of the values that were copied or that are large.</param>
    public static SqliteParameter[] Of(SqliteParameterCollection parameters, out long bytes)
    {
        bytes = 0;
        var copies = new SqliteParameter[parameters.Count];
        for (int i = 0; i < copies.Length; i++)
        {
            copies[i] = Of(parameters[i], ref bytes);
        }

        return copies;
    }

    private static SqliteParameter Of(SqliteParameter parameter, ref long bytes)
    {
        object? value = parameter.Value switch
        {
            byte[] array => array.Clone(),
            ReadOnlyMemory<byte> memory => memory.ToArray(),
            Memory<byte> memory => memory.ToArray(),
            var other => other,
        };
        var copy = new SqliteParameter(parameter.ParameterName, value);
        if (value is null or DBNull)
        {
            return copy;
        }

        // Asked for, type and size are the ones that will be bound, whether they were set or follow from the value.
        copy.SqliteType = parameter.SqliteType;
        switch (value)
        {
            case string text:
                copy.Size = parameter.Size;
                bytes += 2L * text.Length;
                break;
            case byte[] array:
                copy.Size = parameter.Size;
                bytes += array.Length;
                break;
        }

        return copy;
    }
}
