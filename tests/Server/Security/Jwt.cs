using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace OrleansSqlite.Tests;

/// <summary>JSON Web Tokens made by hand, well or badly signed: not by the library that checks them.</summary>
internal static class Jwt
{
    public static readonly string Secret = new('s', 40);
    public static readonly RSA Rsa = RSA.Create(2048);
    public static readonly Ed25519PrivateKeyParameters Ed25519 = new(new SecureRandom());

    public static string Hs256(object claims, string? secret = null, string? kid = null) =>
        Make(new { alg = "HS256", typ = "JWT", kid }, claims, bytes => HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret ?? Secret), bytes));

    public static string Rs256(object claims, RSA? key = null, string? kid = null) =>
        Make(new { alg = "RS256", typ = "JWT", kid }, claims, bytes => (key ?? Rsa).SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string EdDsa(object claims, Ed25519PrivateKeyParameters? key = null, string? kid = null) => Make(new { alg = "EdDSA", typ = "JWT", kid }, claims, bytes =>
    {
        var signer = new Ed25519Signer();
        signer.Init(true, key ?? Ed25519);
        signer.BlockUpdate(bytes, 0, bytes.Length);
        return signer.GenerateSignature();
    });

    public static string Make(object header, object claims, Func<byte[], byte[]> sign)
    {
        var text = $"{Part(header)}.{Part(claims)}";
        return $"{text}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    public static object Claims(string scope, long seconds = 600) =>
        new { sub = "someone", scope, exp = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds };

    /// <summary>The public keys as an issuer publishes them.</summary>
    public static string Jwks(string rsaId, string edId)
    {
        var rsa = Rsa.ExportParameters(false);
        return JsonSerializer.Serialize(new
        {
            keys = new object[]
            {
                new { kty = "RSA", use = "sig", kid = rsaId, n = Base64Url.EncodeToString(rsa.Modulus), e = Base64Url.EncodeToString(rsa.Exponent) },
                new { kty = "OKP", crv = "Ed25519", use = "sig", kid = edId, x = Base64Url.EncodeToString(Ed25519.GeneratePublicKey().GetEncoded()) },
                new { kty = "EC", crv = "P-256", use = "enc", kid = "other" },
            },
        });
    }

    /// <summary>The public key as OpenSSL writes it.</summary>
    public static string Ed25519Pem()
    {
        var key = Org.BouncyCastle.X509.SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(Ed25519.GeneratePublicKey()).GetDerEncoded();
        return PemEncoding.WriteString("PUBLIC KEY", key);
    }

    private static string Part(object value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value, Options));

    private static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };
}
