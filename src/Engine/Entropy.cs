using System.Buffers.Binary;
using System.Security.Cryptography;

namespace OrleansSqlite;

/// <summary>
/// Where random ids and jitter come from. The system's is cryptographic; a seeded one repeats itself, so that a simulation
/// that failed can be run again. Thread-safe.
/// </summary>
public sealed class Entropy
{
    // The step of SplitMix64. Its state is a plain counter, so that threads draw from it with one interlocked addition.
    private const ulong Step = 0x9E3779B97F4A7C15;

    private readonly bool seeded;
    private ulong state;

    /// <summary>A deterministic source: the same seed gives the same values in the same order.</summary>
    /// <param name="seed">Any number.</param>
    public Entropy(ulong seed)
    {
        seeded = true;
        state = seed;
    }

    private Entropy()
    {
    }

    /// <summary>The operating system's cryptographic source. The one to use outside of tests.</summary>
    public static Entropy System { get; } = new();

    /// <summary>128 random bits.</summary>
    public UInt128 Next128()
    {
        if (seeded)
        {
            // Both halves in one addition: another thread's draw never comes between them.
            ulong second = Interlocked.Add(ref state, unchecked(2 * Step));
            return new UInt128(Mix(unchecked(second - Step)), Mix(second));
        }

        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt128LittleEndian(bytes);
    }

    /// <summary>A random GUID (version 4).</summary>
    public Guid NextGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Next128());
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>A number that is at least 0 and less than 1.</summary>
    public double NextDouble() => (Next64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A pause drawn uniformly from zero to <paramref name="max"/> ("full jitter"), so that those who collided spread out.</summary>
    /// <param name="max">The longest pause; not negative.</param>
    public TimeSpan Jitter(TimeSpan max)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, TimeSpan.Zero);
        return max * NextDouble();
    }

    private ulong Next64()
    {
        if (seeded)
        {
            return Mix(Interlocked.Add(ref state, Step));
        }

        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
