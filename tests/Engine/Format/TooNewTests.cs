using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

/// <summary>What a later version of the format might write is refused as such, not as damage.</summary>
public sealed class TooNewTests
{
    [Theory]
    [InlineData("head", 8, "format version 3", 3)]
    [InlineData("head", 10, "unknown flags 0x0001", 1)]
    [InlineData("head", 11, "unknown flags 0x8000", 0x80)]
    [InlineData("head", 12, "a state or a field that is unknown", 3)]
    [InlineData("head", 13, "a state or a field that is unknown", 1)]
    [InlineData("head", 86, "a state or a field that is unknown", 1)]
    [InlineData("head", 208, "unknown kind 3", 3)]
    [InlineData("list of checkpoints", 8, "format version 2", 2)]
    [InlineData("list of checkpoints", 10, "unknown flags 0x0001", 1)]
    [InlineData("pin", 8, "format version 2", 2)]
    [InlineData("pin", 10, "unknown flags 0x0001", 1)]
    [InlineData("pin", 12, "a pin of an unknown kind", 3)]
    [InlineData("pin", 15, "a pin of an unknown kind", 1)]
    [InlineData("pin", 60, "format version 3", 3)]
    [InlineData("segment", 8, "format version 2", 2)]
    [InlineData("segment", 10, "unknown flags 0x0001", 1)]
    [InlineData("index", 0, "unknown kind 3", 3)]
    [InlineData("index", 29, "unknown codec 7", 7)]
    [InlineData("frame", 44, "unknown codec 2", 2)]
    public void What_is_unknown_is_too_new(string what, int at, string message, byte value)
    {
        Stored stored = what switch
        {
            "head" => new Stored.StoredHead(),
            "list of checkpoints" => new Stored.StoredCheckpointList(),
            "pin" => new Stored.StoredPin(),
            "segment" => new Stored.StoredSegment(SegmentKind.Dense, noise: false),
            "index" => new Stored.StoredIndex(SegmentKind.Dense),
            _ => new Stored.StoredFrame(512, 2, noise: false),
        };
        byte[] bytes = [.. stored.Bytes];
        bytes[at] = value;
        stored.Reseal(bytes);

        var refused = Assert.Throws<DatabaseException>(() => stored.Read(bytes));

        Assert.Equal((ErrorKind.Corrupt, ErrorCodes.TooNew, Refusal.Key), (refused.Kind, refused.Code, refused.Object));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.Contains("Update this software", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_right_checksum_a_flag_is_damage()
    {
        byte[] bytes = new Stored.StoredHead().Bytes;
        bytes[10] ^= 1;

        var refused = Assert.Throws<DatabaseException>(() => HeadCodec.Decode(bytes, Refusal.Key));

        Assert.Equal(ErrorCodes.Damaged, refused.Code);
        Assert.Equal(
            "The object app/the-object is damaged: in its head, the checksum is wrong. None of it was used. Read the database with "
            + "verify to learn what else is affected; then put the object back from a copy (an older version of it in the bucket, "
            + "if versioning is on), or restore the database to a version that does not need it.",
            refused.Message);
    }
}
