namespace OrleansSqlite.Format;

/// <summary>The random id of a segment; its object is named after it.</summary>
internal readonly record struct SegmentId(UInt128 Value)
{
    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", null);
}
