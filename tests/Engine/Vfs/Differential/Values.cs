using System.Globalization;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Values from small domains, so that they meet: as literals and as parameters.</summary>
internal sealed class Values(Sample sample)
{
    private static readonly string[] Words = ["", "a", "b", "ab", "Alpha", "beta", "GAMMA", "delta epsilon", "ÄÖÜ", "\U0001F600", "x'y", "zeta beta", "10", "2.5"];

    public string Word() => Words[sample.Below(Words.Length)];

    /// <summary>A value for a column of that type.</summary>
    public SqlValue For(TableColumn column)
    {
        if (column.IsKey && column.Type == "INTEGER")
        {
            return sample.Below(3) == 0 ? SqlValue.Null : SqlValue.From((long)sample.Below(60));
        }

        return sample.Below(21) switch
        {
            < 2 => SqlValue.Null,
            < 9 => SqlValue.From((long)sample.Below(46) - 5),
            < 14 => SqlValue.From(Word()),
            14 => SqlValue.From((sample.Below(100) - 50) / 8.0),
            15 => SqlValue.From(new byte[sample.Below(40)]),
            16 => SqlValue.From(Noise(sample.Below(300))),
            17 => SqlValue.From(string.Concat(Enumerable.Repeat(Word() + " ", 1 + sample.Below(400)))),
            18 => SqlValue.From(Noise(sample.Below(20_000))),
            19 => Extreme(),
            _ => SqlValue.From(Word() + "\0" + Word()),
        };
    }

    /// <summary>
    /// A value for a full-text table: no blob. In a UTF-16 database SQLite itself finds an FTS5 index malformed over a blob with bytes
    /// other than zero, because it takes them for UTF-8 when it indexes and for UTF-16 when it checks.
    /// </summary>
    public SqlValue ForText(TableColumn column)
    {
        while (true)
        {
            var value = For(column);
            if (value.Type != SqlType.Blob)
            {
                return value;
            }
        }
    }

    /// <summary>A value as SQL.</summary>
    public static string Literal(SqlValue value) => value.Type switch
    {
        SqlType.Integer => value.ToString(),
        SqlType.Real when double.IsInfinity(value.AsReal()) => value.AsReal() > 0 ? "9e999" : "-9e999",
        SqlType.Real => value.AsReal().ToString("E16", CultureInfo.InvariantCulture),
        SqlType.Text when value.AsText().Contains('\0', StringComparison.Ordinal) =>
            $"CAST(x'{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(value.AsText()))}' AS TEXT)",
        SqlType.Text => $"'{value.AsText().Replace("'", "''", StringComparison.Ordinal)}'",
        SqlType.Blob => value.ToString(),
        _ => "NULL",
    };

    /// <summary>Numbers at the ends; but not the greatest integers: behind such a rowid SQLite goes on with random ones.</summary>
    private SqlValue Extreme() => sample.Below(6) switch
    {
        0 => SqlValue.From(long.MinValue),
        1 => SqlValue.From(1L << 60),
        2 => SqlValue.From(double.PositiveInfinity),
        3 => SqlValue.From(double.Epsilon),
        4 => SqlValue.From(-double.MaxValue),
        _ => SqlValue.From(0.1 + 0.2),
    };

    private byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        sample.Noise(bytes);
        return bytes;
    }
}
