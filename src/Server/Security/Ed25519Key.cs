using Microsoft.IdentityModel.Tokens;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace OrleansSqlite.Server;

/// <summary>A public key of Ed25519, which the runtime does not know: EdDSA (RFC 8037), as libSQL's tokens are signed.</summary>
internal sealed class Ed25519Key : AsymmetricSecurityKey
{
    /// <summary>The algorithm's name in tokens.</summary>
    public const string Algorithm = "EdDSA";

    private readonly Ed25519PublicKeyParameters key;

    public Ed25519Key(Ed25519PublicKeyParameters key)
    {
        this.key = key;
        CryptoProviderFactory = new CryptoProviderFactory { CustomCryptoProvider = new Provider() };
    }

    /// <inheritdoc/>
    public override int KeySize => 256;

    /// <inheritdoc/>
    public override PrivateKeyStatus PrivateKeyStatus => PrivateKeyStatus.DoesNotExist;

    /// <inheritdoc/>
    [Obsolete("Superseded by PrivateKeyStatus in the base class.")]
    public override bool HasPrivateKey => false;

    private bool Verify(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != Ed25519PublicKeyParameters.KeySize * 2)
        {
            return false;
        }

        var signer = new Ed25519Signer();
        signer.Init(forSigning: false, key);
        signer.BlockUpdate(input);
        return signer.VerifySignature(signature.ToArray());
    }

    private sealed class Provider : ICryptoProvider
    {
        public bool IsSupportedAlgorithm(string algorithm, params object[] args) => algorithm == Algorithm && args is [Ed25519Key, ..];

        public object Create(string algorithm, params object[] args) => new Verifier((Ed25519Key)args[0]);

        public void Release(object cryptoInstance) => (cryptoInstance as IDisposable)?.Dispose();
    }

    private sealed class Verifier(Ed25519Key key) : SignatureProvider(key, Ed25519Key.Algorithm)
    {
        public override byte[] Sign(byte[] input) => throw new NotSupportedException("This server issues no tokens.");

        public override bool Verify(byte[] input, byte[] signature) => key.Verify(input, signature);

        public override bool Verify(byte[] input, int inputOffset, int inputLength, byte[] signature, int signatureOffset, int signatureLength) =>
            key.Verify(input.AsSpan(inputOffset, inputLength), signature.AsSpan(signatureOffset, signatureLength));

        protected override void Dispose(bool disposing)
        {
        }
    }
}
