using Orleans;

namespace OrleansSqlite.Wire;

/// <summary>A value on its way.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.Value")]
internal struct ValueSurrogate
{
    [Id(0)]
    public SqlType Type;

    /// <summary>The integer, or the bits of the real.</summary>
    [Id(1)]
    public long Bits;

    [Id(2)]
    public string? Text;

    [Id(3)]
    public byte[]? Blob;
}

[RegisterConverter]
internal sealed class ValueConverter : IConverter<SqlValue, ValueSurrogate>
{
    public SqlValue ConvertFromSurrogate(in ValueSurrogate surrogate) => surrogate.Type switch
    {
        SqlType.Null => SqlValue.Null,
        SqlType.Integer => SqlValue.From(surrogate.Bits),
        SqlType.Real => SqlValue.From(BitConverter.Int64BitsToDouble(surrogate.Bits)),
        SqlType.Text => SqlValue.From(surrogate.Text),
        SqlType.Blob => SqlValue.From(surrogate.Blob),
        _ => throw new NotSupportedException($"There is no type {surrogate.Type} of values here: it comes from a newer version. Update this process."),
    };

    public ValueSurrogate ConvertToSurrogate(in SqlValue value) => value.Type switch
    {
        SqlType.Integer => new() { Type = SqlType.Integer, Bits = value.AsInteger() },
        SqlType.Real => new() { Type = SqlType.Real, Bits = BitConverter.DoubleToInt64Bits(value.AsReal()) },
        SqlType.Text => new() { Type = SqlType.Text, Text = value.AsText() },
        SqlType.Blob => new() { Type = SqlType.Blob, Blob = (byte[])value.ToObject()! },
        _ => default,
    };
}
