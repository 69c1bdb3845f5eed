namespace OrleansSqlite.Stores;

/// <summary>The parameters of a URL <c>s3://bucket/prefix?…</c>; each sets one of the <see cref="S3Options"/>.</summary>
internal static class S3UrlParameters
{
    /// <summary>All that there are.</summary>
    public static readonly string[] Names = ["endpoint", "region", "pathStyle", "sse", "kmsKey", "bucketKey", "checksums"];

    /// <summary>The options with what the URL's parameters say, which goes before what they said.</summary>
    /// <exception cref="StoreException"><see cref="StoreFailure.Misconfigured"/>, naming the parameter.</exception>
    public static S3Options Apply(S3Options options, string shownUrl, IReadOnlyDictionary<string, string> parameters)
    {
        foreach ((string name, string value) in parameters)
        {
            options = name.ToLowerInvariant() switch
            {
                "endpoint" => options with { Endpoint = Endpoint(shownUrl, "The parameter endpoint", value) },
                "region" => options with { Region = value },
                "pathstyle" => options with { ForcePathStyle = Flag(shownUrl, name, value) },
                "kmskey" => options with { KmsKey = value },
                "bucketkey" => options with { BucketKey = Flag(shownUrl, name, value) },
                "checksums" => options with { Checksums = Flag(shownUrl, name, value) },
                _ => options with { Encryption = Encryption(shownUrl, value) },
            };
        }

        return options;
    }

    /// <summary>The address of an endpoint, checked.</summary>
    /// <param name="shownUrl">The store's URL for messages.</param>
    /// <param name="source">Where the value comes from, as the start of a sentence.</param>
    /// <param name="value">The address. It is not repeated in an error: it may hold a password.</param>
    public static Uri Endpoint(string shownUrl, string source, string value)
    {
        bool good = Uri.TryCreate(value, UriKind.Absolute, out Uri? endpoint)
            && endpoint.Scheme is "http" or "https"
            && endpoint is { UserInfo: "", Query: "", Fragment: "" };
        return good
            ? endpoint!
            : throw StoreErrors.Misconfigured(shownUrl, $"{source} must be like http://127.0.0.1:9000 or https://s3.example.com, without credentials.");
    }

    private static bool Flag(string shownUrl, string name, string value) => value.ToLowerInvariant() switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw StoreErrors.Misconfigured(shownUrl, $"The parameter {name} must be true or false."),
    };

    private static S3Encryption Encryption(string shownUrl, string value) => value.ToLowerInvariant() switch
    {
        "aes256" => S3Encryption.Aes256,
        "aws:kms" => S3Encryption.Kms,
        _ => throw StoreErrors.Misconfigured(shownUrl, "The parameter sse must be AES256 or aws:kms."),
    };
}
