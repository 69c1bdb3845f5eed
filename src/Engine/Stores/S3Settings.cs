using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace OrleansSqlite.Stores;

/// <summary>What <see cref="S3Options"/> and the environment come to, and the SDK's clients that follow from it.</summary>
internal sealed class S3Settings
{
    // No request of ours waits for this; it only has to lie beyond all of our own limits, which are cancellations.
    private static readonly TimeSpan NoLimit = TimeSpan.FromHours(1);

    private readonly S3Options options;
    private readonly bool checksums;

    private S3Settings(S3Options options, Uri? endpoint, string shownUrl)
    {
        this.options = options;
        Endpoint = endpoint;
        PathStyle = options.ForcePathStyle ?? endpoint is not null;
        checksums = options.Checksums ?? endpoint is null;
        Encryption = options.KmsKey is not null && options.Encryption == S3Encryption.BucketDefault ? S3Encryption.Kms : options.Encryption;
        Check(options.KmsKey is null || Encryption == S3Encryption.Kms, "a KMS key goes with encryption by KMS only");
        Check(options.BucketKey is null || Encryption == S3Encryption.Kms, "a bucket key goes with encryption by KMS only");
        Check(options.ConnectTimeout > TimeSpan.Zero, $"{nameof(S3Options.ConnectTimeout)} must be above zero");
        Check(options.SwapTimeout > TimeSpan.Zero && options.SwapTimeout < NoLimit, $"{nameof(S3Options.SwapTimeout)} must be above zero and below an hour");
        Check(options.RequestTimeout > TimeSpan.Zero && options.RequestTimeout < NoLimit, $"{nameof(S3Options.RequestTimeout)} must be above zero and below an hour");
        Check(options.Retries is >= 0 and <= 20, $"{nameof(S3Options.Retries)} must be from 0 to 20");

        void Check(bool holds, string problem)
        {
            if (!holds)
            {
                throw StoreErrors.Misconfigured(shownUrl, $"The settings for S3 do not fit: {problem}.");
            }
        }
    }

    /// <summary>The address of a store that is not AWS, or null.</summary>
    public Uri? Endpoint { get; }

    public bool PathStyle { get; }

    public S3Encryption Encryption { get; }

    /// <summary>Fills in what the options leave open.</summary>
    /// <param name="options">The options.</param>
    /// <param name="shownUrl">The store's URL, for errors.</param>
    /// <param name="environment">Looks up a variable of the environment.</param>
    public static S3Settings From(S3Options options, string shownUrl, Func<string, string?> environment)
    {
        if (options.Endpoint is { } given)
        {
            return new S3Settings(options, S3UrlParameters.Endpoint(shownUrl, "The endpoint", given.OriginalString), shownUrl);
        }

        bool ignored = string.Equals(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), "true", StringComparison.OrdinalIgnoreCase);
        foreach (string variable in (string[])["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
        {
            if (!ignored && environment(variable) is { Length: > 0 } value)
            {
                return new S3Settings(options, S3UrlParameters.Endpoint(shownUrl, $"The variable {variable}", value), shownUrl);
            }
        }

        return new S3Settings(options, null, shownUrl);
    }

    /// <summary>The connections, shared by both clients.</summary>
    public HttpClient MakeHttpClient() => new(new S3Transport(new SocketsHttpHandler
    {
        ConnectTimeout = options.ConnectTimeout,
        // S3 moves its load by DNS: old connections must go now and then.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        AllowAutoRedirect = false,
        UseCookies = false,
    }))
    {
        Timeout = NoLimit,
    };

    /// <summary>The client for everything that may be repeated.</summary>
    public AmazonS3Client MakeClient(HttpClient http, AWSCredentials? credentials) => Make(http, credentials, options.Retries, staleRetries: 10);

    /// <summary>
    /// The client for swaps, which sends each once. The SDK has a second kind of repetition beside the retries that everybody knows:
    /// after a connection from the pool breaks it sends again, without counting it, though the first request may have been served.
    /// </summary>
    public AmazonS3Client MakeSwapClient(HttpClient http, AWSCredentials? credentials) => Make(http, credentials, retries: 0, staleRetries: 0);

    private AmazonS3Client Make(HttpClient http, AWSCredentials? credentials, int retries, int staleRetries)
    {
        var config = new AmazonS3Config
        {
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = retries,
            MaxStaleConnectionRetries = staleRetries,
            ForcePathStyle = PathStyle,
            HttpClientFactory = new OneHttpClient(http),
            RequestChecksumCalculation = checksums ? RequestChecksumCalculation.WHEN_SUPPORTED : RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = checksums ? ResponseChecksumValidation.WHEN_SUPPORTED : ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (Endpoint is not null)
        {
            config.ServiceURL = Endpoint.OriginalString;
            config.AuthenticationRegion = options.Region ?? "us-east-1";
        }
        else if (options.Region is not null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }

        return credentials is null ? new AmazonS3Client(config) : new AmazonS3Client(credentials, config);
    }

    private sealed class OneHttpClient(HttpClient http) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => http;

        // Ours for the life of the store: the SDK neither shares it with other clients nor disposes of it.
        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
