namespace OrleansSqlite.Server;

/// <summary>Who may use the databases. Without tokens and keys there is no login: everyone who reaches the server may do everything.</summary>
public sealed class AccessOptions
{
    /// <summary>Tokens that are listed here, by their hashes.</summary>
    public IList<TokenOptions> Tokens { get; } = [];

    /// <summary>The keys with which JSON Web Tokens are signed that others issue.</summary>
    public IList<SigningKeyOptions> Keys { get; } = [];

    /// <summary>Who must have issued a JSON Web Token (<c>iss</c>). Default: not asked.</summary>
    public string? Issuer { get; set; }

    /// <summary>For whom it must have been issued (<c>aud</c>). Default: not asked.</summary>
    public string? Audience { get; set; }

    /// <summary>How long a JSON Web Token is still taken after its end, and already before its begin: clocks differ. Default 30 s.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the programs of this project serve others than this machine without a login. Default: no.</summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>Whether there is a login.</summary>
    public bool IsOn => Tokens.Count + Keys.Count > 0;
}

/// <summary>A token whose hash is in the configuration. <c>orleans-sqlite token</c> makes one.</summary>
public sealed class TokenOptions
{
    /// <summary>Whose it is: for the log, and for limits that are counted for each token.</summary>
    public string Name { get; set; } = "";

    /// <summary>The hash: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public string Hash { get; set; } = "";

    /// <summary>What it grants, such as <c>read:shop write:app-*</c>.</summary>
    public string Scope { get; set; } = "";

    /// <summary>From when on it is no longer taken. Default: never.</summary>
    public DateTimeOffset? Expires { get; set; }
}

/// <summary>A key with which tokens are signed: exactly one of the settings.</summary>
public sealed class SigningKeyOptions
{
    /// <summary>A secret of at least 32 bytes, for HS256.</summary>
    public string? Secret { get; set; }

    /// <summary>A public key as PEM, or a file with one: RSA for RS256, Ed25519 for EdDSA.</summary>
    public string? Pem { get; set; }

    /// <summary>A set of keys (JWKS): a file, or the URL under which the issuer publishes it.</summary>
    public string? Jwks { get; set; }
}
