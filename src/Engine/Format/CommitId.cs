namespace OrleansSqlite.Format;

/// <summary>The random id of one attempt to swap a head, and so of the commit if the attempt succeeds. Never used twice.</summary>
internal readonly record struct CommitId(UInt128 Value)
{
    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", null);
}
