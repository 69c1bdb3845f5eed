using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.OpenSsl;

namespace OrleansSqlite.Server;

/// <summary>Reads the keys of a configuration. Every key fixes its algorithm, so a token can't choose one that suits it.</summary>
internal static class KeyFile
{
    private const int SecretBytes = 32;
    private const int RsaBits = 2048;

    /// <summary>What is wrong with a key, or null. Keys under a URL are read when they are needed.</summary>
    public static string? Find(SigningKeyOptions options)
    {
        try
        {
            return IsRemote(options) || Read(options).Count > 0 ? null : $"{Name(options)} has no key of a kind that is taken: RSA or Ed25519, or a secret.";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException or PemException or InvalidOperationException)
        {
            return $"{Name(options)} can't be used: {error.Message}";
        }
    }

    /// <summary>Whether it lies under a URL.</summary>
    public static bool IsRemote(SigningKeyOptions options) =>
        Uri.TryCreate(options.Jwks, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp);

    /// <summary>The keys.</summary>
    public static IReadOnlyList<SecurityKey> Read(SigningKeyOptions options) => options switch
    {
        { Secret: { Length: > 0 } secret } => [FromSecret(Encoding.UTF8.GetBytes(secret))],
        { Pem: { Length: > 0 } pem } => [FromPem(pem.StartsWith("-----BEGIN", StringComparison.Ordinal) ? pem : File.ReadAllText(pem))],
        _ => FromJwks(File.ReadAllText(options.Jwks!)),
    };

    /// <summary>The keys of a set that sign and whose kind is taken; the others are somebody else's.</summary>
    /// <exception cref="ArgumentException">It is no set of keys.</exception>
    public static IReadOnlyList<SecurityKey> FromJwks(string json) =>
        [.. new JsonWebKeySet(json).Keys.Where(key => key.Use is null or "sig").Select(FromJwk).OfType<SecurityKey>()];

    private static SecurityKey? FromJwk(JsonWebKey key) => key.Kty switch
    {
        "OKP" when key.Crv == "Ed25519" => new Ed25519Key(new Ed25519PublicKeyParameters(Base64UrlEncoder.DecodeBytes(key.X))) { KeyId = key.Kid },
        "RSA" => Checked(new RsaSecurityKey(new RSAParameters { Modulus = Base64UrlEncoder.DecodeBytes(key.N), Exponent = Base64UrlEncoder.DecodeBytes(key.E) }) { KeyId = key.Kid }),
        "oct" => FromSecret(Base64UrlEncoder.DecodeBytes(key.K), key.Kid),
        _ => null,
    };

    private static SecurityKey FromPem(string text)
    {
        using var reader = new StringReader(text);
        using var pem = new PemReader(reader);
        switch (pem.ReadObject())
        {
            case Ed25519PublicKeyParameters key:
                return new Ed25519Key(key);
            case RsaKeyParameters { IsPrivate: false }:
                using (var rsa = RSA.Create())
                {
                    rsa.ImportFromPem(text);
                    return Checked(new RsaSecurityKey(rsa.ExportParameters(includePrivateParameters: false)));
                }

            default:
                throw new ArgumentException("it must hold a public key, of RSA or Ed25519. The private one belongs to who issues tokens, not here.");
        }
    }

    private static RsaSecurityKey Checked(RsaSecurityKey key) =>
        key.KeySize >= RsaBits ? key : throw new ArgumentException($"an RSA key must have at least {RsaBits} bits.");

    private static SymmetricSecurityKey FromSecret(byte[] secret, string? id = null) =>
        secret.Length >= SecretBytes ? new(secret) { KeyId = id } : throw new ArgumentException($"a secret must have at least {SecretBytes} bytes.");

    /// <summary>Which one it is, without the secret.</summary>
    private static string Name(SigningKeyOptions options) => options switch
    {
        { Jwks: { Length: > 0 } jwks } => $"The Jwks {jwks} of Access.Keys",
        { Pem: { Length: > 0 } pem } when !pem.StartsWith("-----", StringComparison.Ordinal) => $"The Pem {pem} of Access.Keys",
        { Pem.Length: > 0 } => "A Pem of Access.Keys",
        _ => "A Secret of Access.Keys",
    };
}
