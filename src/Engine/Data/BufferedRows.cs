using System.Data;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansSqlite.Data;

/// <summary>
/// The rows of statements that write and give rows (RETURNING) outside of a transaction. They are committed when their last row
/// has been read, so the rows are read first, and given out after it, by a query of constants.
/// </summary>
internal static class BufferedRows
{
    private const int MaxParameters = 32_000;

    /// <summary>Whether reading on commits something.</summary>
    public static bool MayCommit(SqliteDataReader reader) =>
        reader.Handle is { } statement && raw.sqlite3_stmt_readonly(statement) == 0;

    /// <summary>Reads to the end, and commits with that.</summary>
    public static void Skip(SqliteDataReader reader)
    {
        try
        {
            while (reader.Read())
            {
            }
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Reads everything, and gives it as a new reader.</summary>
    public static SqliteDataReader Read(SqliteDataReader reader, OrleansSqliteConnection connection, CommandBehavior behavior)
    {
        List<BufferedResult> results = [];
        try
        {
            ReadAll(reader, results);
        }
        finally
        {
            reader.Dispose();
        }

        return Give(results, connection, null, behavior);
    }

    /// <summary>Reads everything.</summary>
    public static void ReadAll(SqliteDataReader reader, List<BufferedResult> results)
    {
        if (reader.FieldCount == 0)
        {
            return;
        }

        do
        {
            var names = new string[reader.FieldCount];
            for (int i = 0; i < names.Length; i++)
            {
                names[i] = reader.GetName(i);
            }

            List<object[]> rows = [];
            while (reader.Read())
            {
                var row = new object[names.Length];
                _ = reader.GetValues(row);
                rows.Add(row);
            }

            results.Add(new BufferedResult(names, rows));
        }
        while (reader.NextResult());
    }

    /// <summary>Gives what was read, as a reader.</summary>
    public static SqliteDataReader Give(
        IReadOnlyCollection<BufferedResult> results, OrleansSqliteConnection connection, SqliteTransaction? transaction, CommandBehavior behavior)
    {
        var command = new OrleansSqliteCommand("", connection, transaction) { IsReplay = true };
        bool asParameters = results.Sum(result => (long)result.Rows.Count * result.Names.Length) <= MaxParameters;
        var encoding = asParameters ? Encoding.UTF8 : EncodingOf(command);
        command.CommandText = string.Join("; ", results.Select(result => Query(result.Names, result.Rows, asParameters ? command.Parameters : null, encoding)));
        return command.ExecuteOnce(behavior);
    }

    /// <summary>The encoding of the database's text, which is what CAST takes the bytes of a blob for.</summary>
    private static Encoding EncodingOf(OrleansSqliteCommand command)
    {
        command.CommandText = "PRAGMA encoding";
        using var reader = command.ExecuteOnce(CommandBehavior.Default);
        _ = reader.Read();
        return reader.GetString(0) switch
        {
            "UTF-16le" => Encoding.Unicode,
            "UTF-16be" => Encoding.BigEndianUnicode,
            _ => Encoding.UTF8,
        };
    }

    private static string Query(string[] names, List<object[]> rows, SqliteParameterCollection? parameters, Encoding encoding)
    {
        var sql = new StringBuilder("SELECT ");
        for (int i = 0; i < names.Length; i++)
        {
            string source = rows.Count == 0 ? "NULL" : $"column{i + 1}";
            sql.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : ", ")}{source} AS \"{names[i].Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        }

        if (rows.Count == 0)
        {
            return sql.Append(" WHERE 0").ToString();
        }

        sql.Append(" FROM (VALUES ");
        for (int row = 0; row < rows.Count; row++)
        {
            sql.Append(row == 0 ? "(" : ", (");
            for (int i = 0; i < names.Length; i++)
            {
                sql.Append(i == 0 ? "" : ", ");
                if (parameters is null)
                {
                    sql.Append(Literal(rows[row][i], encoding));
                }
                else
                {
                    string name = $"$p{parameters.Count}";
                    parameters.Add(new SqliteParameter(name, rows[row][i]));
                    sql.Append(name);
                }
            }

            sql.Append(')');
        }

        return sql.Append(')').ToString();
    }

    /// <summary>A value as SQL: SQLite takes no more than 32,766 parameters. Text as bytes, because a literal can't hold a NUL.</summary>
    private static string Literal(object value, Encoding encoding) => value switch
    {
        long integer => integer == long.MinValue ? "(-9223372036854775807 - 1)" : integer.ToString(CultureInfo.InvariantCulture),
        double.PositiveInfinity => "9e999",
        double.NegativeInfinity => "-9e999",
        double real => Real(real),
        string text => $"CAST(X'{Convert.ToHexString(encoding.GetBytes(text))}' AS TEXT)",
        byte[] blob => $"X'{Convert.ToHexString(blob)}'",
        _ => "NULL",
    };

    /// <summary>
    /// SQLite may read the digits of a real with an error in the last place. So it is told the 53 bits as an integer, and to
    /// multiply or divide that by powers of two, which is exact.
    /// </summary>
    private static string Real(double value)
    {
        const int step = 52;
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)(bits >> 52) & 0x7FF;
        long mantissa = (bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52);
        if (mantissa == 0)
        {
            return bits < 0 ? "-0.0" : "0.0";
        }

        exponent = Math.Max(exponent, 1) - 1075;
        var sql = new StringBuilder($"(CAST({(bits < 0 ? -mantissa : mantissa)} AS REAL)");
        for (; exponent != 0; exponent -= Math.Sign(exponent) * Math.Min(Math.Abs(exponent), step))
        {
            sql.Append(CultureInfo.InvariantCulture, $"{(exponent < 0 ? '/' : '*')}CAST({1L << Math.Min(Math.Abs(exponent), step)} AS REAL)");
        }

        return sql.Append(')').ToString();
    }
}

/// <summary>The rows of one statement.</summary>
internal sealed record BufferedResult(string[] Names, List<object[]> Rows);
