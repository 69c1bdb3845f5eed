using System.Security.Cryptography;
using System.Text;

namespace OrleansSqlite.Clustering;

/// <summary>
/// Makes one part of an object's key of any text or bytes. Two that differ never give the same part, not even on a file system that
/// ignores case.
/// </summary>
/// <remarks>
/// <c>a-z 0-9 -</c> stand for themselves, every other byte is <c>_</c> and two hexadecimal digits, and nothing at all is a lone <c>_</c>.
/// What would be too long is cut, and gets a dot, which occurs nowhere else, and the SHA-256 of the whole.
/// </remarks>
internal static class KeyPart
{
    /// <summary>The longest part, in characters: four of them and their folder fit into a key.</summary>
    public const int MaxChars = 165;

    private const int CutChars = 100;

    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public static string Of(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return "_";
        }

        var part = new StringBuilder(bytes.Length);
        foreach (byte b in bytes)
        {
            if (b is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9') or (byte)'-')
            {
                part.Append((char)b);
            }
            else
            {
                part.Append('_').Append(b.ToString("x2", null));
            }
        }

        return part.Length <= MaxChars ? part.ToString() : $"{part.ToString(0, CutChars)}.{Convert.ToHexStringLower(SHA256.HashData(bytes))}";
    }
}
