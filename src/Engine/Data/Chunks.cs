namespace OrleansSqlite.Data;

/// <summary>
/// A list that grows by pieces of a fixed size and is used again and again: a record of thousands of statements neither copies
/// itself while it grows nor becomes a large object for the collector.
/// </summary>
internal sealed class Chunks<T>
{
    private const int Bits = 8;
    private const int Size = 1 << Bits;
    private const int Kept = 8;
    private readonly List<T[]> chunks = [];

    /// <summary>The number of items.</summary>
    public int Count { get; private set; }

    /// <summary>An item, in place.</summary>
    public ref T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return ref chunks[index >> Bits][index & (Size - 1)];
        }
    }

    /// <summary>Adds an item, and gives its place: it holds the default value.</summary>
    public ref T Add()
    {
        if (Count >> Bits == chunks.Count)
        {
            chunks.Add(new T[Size]);
        }

        int index = Count++;
        return ref chunks[index >> Bits][index & (Size - 1)];
    }

    /// <summary>Forgets all items; a part of the memory stays for the next ones.</summary>
    public void Clear()
    {
        if (chunks.Count > Kept)
        {
            chunks.RemoveRange(Kept, chunks.Count - Kept);
        }

        for (int i = 0; i < chunks.Count && Count > 0; i++, Count -= Size)
        {
            chunks[i].AsSpan(0, Math.Min(Count, Size)).Clear();
        }

        Count = 0;
    }
}
