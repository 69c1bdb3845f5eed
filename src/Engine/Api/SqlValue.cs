using System.Globalization;

namespace OrleansSqlite;

/// <summary>The five storage classes of SQLite.</summary>
public enum SqlType
{
    /// <summary>NULL.</summary>
    Null,

    /// <summary>A signed integer of 64 bits.</summary>
    Integer,

    /// <summary>A double, infinities included. SQLite has no NaN: it stores NULL.</summary>
    Real,

    /// <summary>Text.</summary>
    Text,

    /// <summary>Bytes.</summary>
    Blob,
}

/// <summary>One value as SQLite stores it: exact, without conversion.</summary>
public readonly struct SqlValue : IEquatable<SqlValue>
{
    private readonly long bits;
    private readonly object? reference;

    private SqlValue(SqlType type, long bits, object? reference)
    {
        Type = type;
        this.bits = bits;
        this.reference = reference;
    }

    /// <summary>The storage class.</summary>
    public SqlType Type { get; }

    /// <summary>NULL.</summary>
    public static SqlValue Null => default;

    /// <summary>Whether this is NULL.</summary>
    public bool IsNull => Type == SqlType.Null;

    /// <summary>Makes an integer.</summary>
    public static SqlValue From(long value) => new(SqlType.Integer, value, null);

    /// <summary>Makes a real; NaN becomes NULL, as in SQLite.</summary>
    public static SqlValue From(double value) =>
        double.IsNaN(value) ? Null : new(SqlType.Real, BitConverter.DoubleToInt64Bits(value), null);

    /// <summary>Makes a text, or NULL.</summary>
    public static SqlValue From(string? value) => value is null ? Null : new(SqlType.Text, 0, value);

    /// <summary>Makes a blob, or NULL. The bytes are not copied: don't change them afterwards.</summary>
    public static SqlValue From(byte[]? value) => value is null ? Null : new(SqlType.Blob, 0, value);

    /// <summary>Makes a value from the usual .NET types, the way that Microsoft.Data.Sqlite stores them.</summary>
    /// <exception cref="ArgumentException">The type has no such form.</exception>
    public static SqlValue FromObject(object? value) => value switch
    {
        null or DBNull => Null,
        SqlValue v => v,
        string s => From(s),
        long or int or short or sbyte or byte or ushort or uint => From(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        ulong u => From(unchecked((long)u)),
        bool b => From(b ? 1L : 0L),
        double d => From(d),
        float f => From((double)f),
        decimal m => From(m.ToString("0.0###########################", CultureInfo.InvariantCulture)),
        char c => From(c.ToString()),
        byte[] a => From(a),
        ReadOnlyMemory<byte> m => From(m.ToArray()),
        Guid g => From(g.ToString("D").ToUpperInvariant()),
        DateTime t => From(t.ToString(@"yyyy\-MM\-dd HH\:mm\:ss.FFFFFFF", CultureInfo.InvariantCulture)),
        DateTimeOffset t => From(t.ToString(@"yyyy\-MM\-dd HH\:mm\:ss.FFFFFFFzzz", CultureInfo.InvariantCulture)),
        DateOnly d => From(d.ToString(@"yyyy\-MM\-dd", CultureInfo.InvariantCulture)),
        TimeOnly t => From(t.ToString(t.Ticks % 10_000_000 == 0 ? @"HH:mm:ss" : @"HH:mm:ss.fffffff", CultureInfo.InvariantCulture)),
        TimeSpan t => From(t.ToString("c")),
        Enum e => From(Convert.ToInt64(e, CultureInfo.InvariantCulture)),
        _ => throw new ArgumentException($"A value of type {value.GetType()} has no form in SQLite; convert it to text, a number or bytes."),
    };

    /// <summary>The integer. </summary>
    /// <exception cref="InvalidOperationException">It is of another storage class.</exception>
    public long AsInteger() => Type == SqlType.Integer ? bits : throw Wrong(SqlType.Integer);

    /// <summary>The real; an integer is converted.</summary>
    /// <exception cref="InvalidOperationException">It is of another storage class.</exception>
    public double AsReal() => Type switch
    {
        SqlType.Real => BitConverter.Int64BitsToDouble(bits),
        SqlType.Integer => bits,
        _ => throw Wrong(SqlType.Real),
    };

    /// <summary>The text.</summary>
    /// <exception cref="InvalidOperationException">It is of another storage class.</exception>
    public string AsText() => Type == SqlType.Text ? (string)reference! : throw Wrong(SqlType.Text);

    /// <summary>The bytes.</summary>
    /// <exception cref="InvalidOperationException">It is of another storage class.</exception>
    public ReadOnlyMemory<byte> AsBlob() => Type == SqlType.Blob ? (byte[])reference! : throw Wrong(SqlType.Blob);

    /// <summary>The value as a .NET object: null, long, double, string or byte[].</summary>
    public object? ToObject() => Type switch
    {
        SqlType.Integer => bits,
        SqlType.Real => BitConverter.Int64BitsToDouble(bits),
        _ => reference,
    };

    /// <inheritdoc/>
    public bool Equals(SqlValue other) => Type == other.Type && bits == other.bits && (Type switch
    {
        SqlType.Text => string.Equals((string?)reference, (string?)other.reference, StringComparison.Ordinal),
        SqlType.Blob => ((byte[])reference!).AsSpan().SequenceEqual((byte[])other.reference!),
        _ => true,
    });

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SqlValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Type switch
    {
        SqlType.Text => string.GetHashCode((string)reference!, StringComparison.Ordinal),
        SqlType.Blob => ((byte[])reference!).Length,
        _ => HashCode.Combine(Type, bits),
    };

    /// <summary>The value as text, for people: NULL, digits, the text itself, or X'…'.</summary>
    public override string ToString() => Type switch
    {
        SqlType.Null => "NULL",
        SqlType.Integer => bits.ToString(CultureInfo.InvariantCulture),
        SqlType.Real => AsReal().ToString("R", CultureInfo.InvariantCulture),
        SqlType.Text => (string)reference!,
        _ => $"X'{Convert.ToHexString((byte[])reference!)}'",
    };

    /// <summary>Equality by storage class and content.</summary>
    public static bool operator ==(SqlValue left, SqlValue right) => left.Equals(right);

    /// <summary>Inequality by storage class and content.</summary>
    public static bool operator !=(SqlValue left, SqlValue right) => !left.Equals(right);

    private InvalidOperationException Wrong(SqlType wanted) => new($"The value is {Type}, not {wanted}.");
}
