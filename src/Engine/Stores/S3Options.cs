namespace OrleansSqlite.Stores;

/// <summary>How a bucket encrypts what is written to it.</summary>
public enum S3Encryption
{
    /// <summary>As the bucket's own setting says. AWS encrypts with AES-256 unless told otherwise.</summary>
    BucketDefault,

    /// <summary>AES-256 with keys of the store (SSE-S3).</summary>
    Aes256,

    /// <summary>A key of AWS KMS (SSE-KMS).</summary>
    Kms,
}

/// <summary>
/// Settings of an store in S3. Credentials are not among them: they come from where the AWS SDKs look
/// (environment, profile, web identity, container, instance).
/// </summary>
public sealed record S3Options
{
    /// <summary>
    /// The endpoint of a store other than AWS, for instance <c>http://127.0.0.1:9000</c>.
    /// Default: the environment's AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else AWS.
    /// </summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Whether the bucket stands in the path of requests instead of the host's name. Default: yes for an endpoint of one's own.</summary>
    public bool? ForcePathStyle { get; init; }

    /// <summary>The region. Default: as the AWS SDKs find it; us-east-1 for an endpoint of one's own.</summary>
    public string? Region { get; init; }

    /// <summary>How new objects are encrypted. Default: as the bucket's setting says.</summary>
    public S3Encryption Encryption { get; init; }

    /// <summary>The id or ARN of the KMS key for <see cref="S3Encryption.Kms"/>. Default: the account's key for S3.</summary>
    public string? KmsKey { get; init; }

    /// <summary>Whether a bucket key spares requests to KMS. Default: as the bucket's setting says.</summary>
    public bool? BucketKey { get; init; }

    /// <summary>
    /// Whether uploads carry the SDK's additional checksums, and downloads are checked against them. Default: with AWS yes; with an
    /// endpoint of one's own no, as many refuse them. (Signatures cover the content either way, and the engine checks all that it reads.)
    /// </summary>
    public bool? Checksums { get; init; }

    /// <summary>How long a connection may take to come about. Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a swap may take before its outcome is unknown. Default 15 s.</summary>
    public TimeSpan SwapTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long any other request may take, repetitions included. Default 60 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a request other than a swap is repeated after a failure that may pass. Default 3.</summary>
    public int Retries { get; init; } = 3;
}
