using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace OrleansSqlite.Server;

/// <summary>
/// Tokens that stand in the configuration as hashes. They are random and long, so nobody can find one by trying; a hash that is slow on purpose,
/// as passwords want, would gain nothing and cost every request.
/// </summary>
internal static class TokenHash
{
    private const string Prefix = "sha256:";
    private const int TokenBytes = 32;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>What tokens begin with, so that a program that looks for leaked secrets knows one.</summary>
    private const string TokenPrefix = "osql_";

    /// <summary>A new token. Only who makes it ever sees it.</summary>
    public static string NewToken() => TokenPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));

    /// <summary>A token's hash, as the configuration has it.</summary>
    public static string Of(string token) => Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>Whether this is the form of a hash.</summary>
    public static bool IsValid(string? hash) =>
        hash is not null && hash.StartsWith(Prefix, StringComparison.Ordinal) && hash.Length == Prefix.Length + (2 * SHA256.HashSizeInBytes)
        && !hash.AsSpan(Prefix.Length).ContainsAnyExcept(Digits);
}
