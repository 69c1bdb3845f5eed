using System.Buffers.Binary;
using System.Globalization;

namespace OrleansSqlite.Format;

/// <summary>The id of a transaction that was left in the inbox: the time when it was left, and chance. Ids are in the order of their times.</summary>
/// <param name="Value">48 bits of unix milliseconds, 80 random bits.</param>
internal readonly record struct InboxId(UInt128 Value) : IComparable<InboxId>
{
    /// <summary>The size in bytes.</summary>
    public const int Bytes = 16;

    private const int RandomBits = 80;

    /// <summary>When it was left, in unix milliseconds, by the clock of whoever left it.</summary>
    public long TimeMs => (long)(Value >> RandomBits);

    /// <summary>A new one.</summary>
    public static InboxId Create(long timeMs, Entropy entropy) => new(First(timeMs).Value | (entropy.Next128() >> (128 - RandomBits)));

    /// <summary>The first id of a time: all that were left before are less.</summary>
    public static InboxId First(long timeMs) => new((UInt128)(ulong)Math.Max(0, timeMs) << RandomBits);

    /// <summary>From its bytes.</summary>
    public static InboxId FromBytes(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>From the last part of a key.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out InboxId id)
    {
        bool isOne = UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && text.Length == 2 * Bytes;
        id = new InboxId(value);
        return isOne && text.SequenceEqual(id.ToString());
    }

    /// <summary>Its bytes: as a blob they are in the same order.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);
        return bytes;
    }

    /// <inheritdoc/>
    public int CompareTo(InboxId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);
}
