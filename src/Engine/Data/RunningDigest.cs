using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansSqlite.Data;

/// <summary>
/// A digest of what a statement has told, made as it tells it: SipHash-2-4's keyed compression over 64-bit words, 256 bits of
/// state. Two of them are the same only if the same words went in, but for a chance of 2^-128 or less; the key is random, so
/// nobody can choose data that collide. A keyed hash of the runtime (HMAC) costs about a microsecond for each digest, which is
/// what a point query in a transaction costs as a whole; this one costs two nanoseconds for each word.
/// </summary>
internal struct RunningDigest : IEquatable<RunningDigest>
{
    private ulong v0;
    private ulong v1;
    private ulong v2;
    private ulong v3;

    /// <summary>An empty one under a key.</summary>
    public RunningDigest(UInt128 key)
    {
        ulong k0 = (ulong)key;
        ulong k1 = (ulong)(key >> 64);
        v0 = k0 ^ 0x736f6d6570736575;

        // The variant for 128 bits of result.
        v1 = k1 ^ 0x646f72616e646f6d ^ 0xee;
        v2 = k0 ^ 0x6c7967656e657261;
        v3 = k1 ^ 0x7465646279746573;
    }

    /// <summary>The state, for comparing with the published algorithm.</summary>
    public readonly (ulong V0, ulong V1, ulong V2, ulong V3) State => (v0, v1, v2, v3);

    /// <summary>Takes a word in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ulong word)
    {
        v3 ^= word;
        Round();
        Round();
        v0 ^= word;
    }

    /// <summary>Takes bytes in, with their number, so that no two sequences run together.</summary>
    public unsafe void Add(byte* bytes, int count)
    {
        // A copy, which stays in registers over the loop.
        var state = this;
        state.Add((ulong)count);
        for (; count >= 8; bytes += 8, count -= 8)
        {
            state.Add(Unsafe.ReadUnaligned<ulong>(bytes));
        }

        if (count > 0)
        {
            ulong last = 0;
            Unsafe.CopyBlockUnaligned(&last, bytes, (uint)count);
            state.Add(last);
        }

        this = state;
    }

    /// <summary>Takes in the state of another one.</summary>
    public void Add(in RunningDigest other)
    {
        var state = this;
        state.Add(other.v0);
        state.Add(other.v1);
        state.Add(other.v2);
        state.Add(other.v3);
        this = state;
    }

    /// <inheritdoc/>
    public readonly bool Equals(RunningDigest other) => State == other.State;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is RunningDigest other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => State.GetHashCode();

    /// <summary>One round.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Round()
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
