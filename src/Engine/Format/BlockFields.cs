namespace OrleansSqlite.Format;

/// <summary>What an index keeps of a block in memory: 16 bytes, for there may be a million.</summary>
internal readonly struct BlockFields
{
    private readonly long offset;
    private readonly uint crc;
    private readonly uint storedAndCodec;

    public BlockFields(long offset, int storedBytes, Codec codec, uint crc)
    {
        this.offset = offset;
        this.crc = crc;

        // At most 65536 bytes: three bytes are enough, and the codec is one.
        storedAndCodec = (uint)storedBytes << 8 | (byte)codec;
    }

    public long Offset => offset;

    public int StoredBytes => (int)(storedAndCodec >> 8);

    public Codec Codec => (Codec)(byte)storedAndCodec;

    public uint Crc => crc;
}
