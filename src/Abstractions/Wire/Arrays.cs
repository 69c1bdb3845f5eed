namespace OrleansSqlite.Wire;

/// <summary>Lists as arrays, which every version of every process can read: the types of other lists are their maker's own.</summary>
internal static class Arrays
{
    public static T[] Of<T>(IReadOnlyList<T> list) => list as T[] ?? [.. list];

    public static SqlValue[][] OfRows(IReadOnlyList<IReadOnlyList<SqlValue>> rows)
    {
        var arrays = new SqlValue[rows.Count][];
        for (int i = 0; i < arrays.Length; i++)
        {
            arrays[i] = Of(rows[i]);
        }

        return arrays;
    }
}
