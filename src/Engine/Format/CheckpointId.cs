namespace OrleansSqlite.Format;

/// <summary>The random name of a checkpoint's object: a saved head, or a list of such.</summary>
internal readonly record struct CheckpointId(UInt128 Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);
}
