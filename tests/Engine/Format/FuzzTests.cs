using System.Buffers.Binary;
using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

/// <summary>No stored byte ends in another error than Corrupt, in much memory, or in a value that breaks the rules.</summary>
public sealed class FuzzTests
{
    private static readonly Dictionary<string, Stored> Originals = new()
    {
        ["frame, packed"] = new Stored.StoredFrame(512, 3, noise: false),
        ["frame, as it is"] = new Stored.StoredFrame(512, 1, noise: true),
        ["frame, empty"] = new Stored.StoredFrame(512, 0, noise: false),
        ["inbox entry"] = new Stored.StoredEntry(),
        ["told inbox entry"] = new Stored.StoredToldEntry(),
        ["head"] = new Stored.StoredHead(),
        ["head with a history"] = new Stored.StoredHead(hasHistory: true),
        ["list of checkpoints"] = new Stored.StoredCheckpointList(),
        ["pin"] = new Stored.StoredPin(),
        ["segment, dense"] = new Stored.StoredSegment(SegmentKind.Dense, noise: false),
        ["segment, sparse"] = new Stored.StoredSegment(SegmentKind.Sparse, noise: true),
        ["index, dense"] = new Stored.StoredIndex(SegmentKind.Dense),
        ["index, sparse"] = new Stored.StoredIndex(SegmentKind.Sparse),
    };

    public static TheoryData<string> Names() => [.. Originals.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_original_is_read(string name)
    {
        var stored = Originals[name];
        Assert.Null(Refusal.Try(() => stored.Read(stored.Bytes), stored.Bytes.Length, stored.DeclaredBytes, out object? value));
        Assert.NotNull(value);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_flipped_bit_is_noticed(string name)
    {
        var stored = Originals[name];
        byte[] bytes = [.. stored.Bytes];
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Refusal.Expect(() => stored.Read(bytes), bytes.Length, stored.DeclaredBytes, $"bit {bit} flipped");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_truncation_is_noticed(string name)
    {
        var stored = Originals[name];
        for (int length = 0; length < stored.Bytes.Length; length++)
        {
            byte[] bytes = stored.Bytes[..length];
            Refusal.Expect(() => stored.Read(bytes), bytes.Length, stored.DeclaredBytes, $"the first {length} bytes");
            stored.Reseal(bytes);
            Refusal.Expect(() => stored.Read(bytes), bytes.Length, stored.DeclaredBytes, $"the first {length} bytes, resealed");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Bytes_that_follow_are_noticed(string name)
    {
        var stored = Originals[name];
        for (int more = 1; more < 40; more++)
        {
            byte[] bytes = [.. stored.Bytes, .. new byte[more]];
            Refusal.Expect(() => stored.Read(bytes), bytes.Length, stored.DeclaredBytes, $"{more} bytes more");
            stored.Reseal(bytes);
            Refusal.Expect(() => stored.Read(bytes), bytes.Length, stored.DeclaredBytes, $"{more} bytes more, resealed");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Random_bytes_are_refused(string name)
    {
        var stored = Originals[name];
        var sample = new Sample(21);
        for (int round = 0; round < 3000; round++)
        {
            // Half of them begin like the real thing, up to some point.
            byte[] bytes = new byte[sample.Below(400)];
            sample.Noise(bytes);
            if (round % 2 == 0)
            {
                stored.Bytes.AsSpan(0, sample.Below(Math.Min(bytes.Length, stored.Bytes.Length) + 1)).CopyTo(bytes);
            }

            Refusal.Expect(() => stored.Read(bytes), bytes.Length, stored.DeclaredBytes, $"round {round}");
            stored.Reseal(bytes);
            Refusal.Try(() => stored.Read(bytes), bytes.Length, stored.DeclaredBytes, out _);
        }
    }

    /// <summary>The extremes of every width at every place, with the checksums made right: the bounds behind them are all that is left.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Extreme_fields_behind_right_checksums_are_refused_or_harmless(string name)
    {
        var stored = Originals[name];
        ulong[] values = [0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF,
            0x4000_0000_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, ulong.MaxValue, 0x8080_8080_8080_8080];
        Span<byte> field = stackalloc byte[8];

        // Past the first kilobyte or so, objects consist of more of the same; their ends are special again.
        foreach (int at in Enumerable.Range(0, stored.Bytes.Length).Where(i => i < 1024 || i > stored.Bytes.Length - 256))
        {
            foreach (ulong value in values)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(field, value);
                for (int width = 1; width <= 8; width *= 2)
                {
                    if (at + width <= stored.Bytes.Length && (width == 8 || value >> (width * 8) == 0))
                    {
                        byte[] bytes = [.. stored.Bytes];
                        field[..width].CopyTo(bytes.AsSpan(at));
                        stored.Reseal(bytes);
                        Refusal.Try(() => stored.Read(bytes), bytes.Length, stored.DeclaredBytes, out _);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Random_changes_behind_right_checksums_are_refused_or_harmless(string name)
    {
        var stored = Originals[name];
        var sample = new Sample(22);
        Dictionary<string, int> outcomes = [];
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = [.. stored.Bytes];
            for (int changes = 1 + sample.Below(4); changes > 0; changes--)
            {
                bytes[sample.Below(bytes.Length)] = sample.Below(3) switch { 0 => 0, 1 => 0xFF, _ => (byte)sample.Next() };
            }

            stored.Reseal(bytes);
            string outcome = Refusal.Try(() => stored.Read(bytes), bytes.Length, stored.DeclaredBytes, out _) ?? "accepted";
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        // The test has reached both sides of the checks: ids and times may be anything, lengths may not.
        Assert.True(outcomes.GetValueOrDefault("accepted") > 100, string.Join(", ", outcomes));
        Assert.True(outcomes.GetValueOrDefault(ErrorCodes.Damaged) > 100, string.Join(", ", outcomes));
    }
}
