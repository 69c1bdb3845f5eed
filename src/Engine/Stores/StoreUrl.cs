namespace OrleansSqlite.Stores;

/// <summary>The URL of a store, taken apart and checked. No form of it may hold credentials.</summary>
internal abstract record StoreUrl
{
    private const string Forms =
        "A store is s3://bucket/prefix, file:path (file:data, file:/var/lib/data, file:///var/lib/data), memory: or memory:name.";

    /// <summary>Reads a URL.</summary>
    /// <exception cref="StoreException"><see cref="StoreFailure.Misconfigured"/>, saying what is wrong and which forms there are.</exception>
    public static StoreUrl Parse(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        int colon = url.IndexOf(':', StringComparison.Ordinal);
        string scheme = colon < 0 ? "" : url[..colon];
        string rest = url[(colon + 1)..];
        return scheme.ToLowerInvariant() switch
        {
            "s3" when rest.StartsWith("//", StringComparison.Ordinal) => ParseS3(url, rest[2..]),
            "file" => new Folder(ParsePath(url, rest)),
            "memory" => new Memory(ParseName(url, rest)),
            _ => throw Wrong(url, "The store's URL is in none of the known forms."),
        };
    }

    /// <summary>The URL as it may be shown: without what stands before an @, where people put credentials, and without parameters.</summary>
    public static string Redact(string url)
    {
        int query = url.IndexOf('?', StringComparison.Ordinal);
        string shown = query < 0 ? url : $"{url[..query]}?…";
        int at = shown.LastIndexOf('@');
        return at < 0 ? shown : $"…{shown[at..]}";
    }

    /// <summary>The URL of a directory.</summary>
    public static string OfPath(string path) => "file:" + path
        .Replace("%", "%25", StringComparison.Ordinal)
        .Replace("?", "%3F", StringComparison.Ordinal)
        .Replace("#", "%23", StringComparison.Ordinal);

    private static S3 ParseS3(string url, string rest)
    {
        string[] halves = rest.Split('?', 2);
        string[] path = halves[0].Split('/', 2);
        string bucket = path[0];
        string prefix = path.Length < 2 ? "" : path[1].Trim('/');
        if (bucket.Contains('@', StringComparison.Ordinal))
        {
            throw Wrong(url, "Credentials do not belong into the URL: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role.");
        }

        if (bucket.Length is < 3 or > 63 || !bucket.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            throw Wrong(url, "The bucket's name must have 3 to 63 characters, of a-z 0-9 . and -");
        }

        if (prefix.Length > 200 || (prefix.Length > 0 && ObjectKey.Problem(prefix, isPrefix: false) is not null))
        {
            throw Wrong(url, "The prefix may have up to 200 characters, of a-z A-Z 0-9 . _ - in parts between single slashes.");
        }

        return new S3(bucket, prefix, ParseParameters(url, halves.Length < 2 ? "" : halves[1]));
    }

    private static Dictionary<string, string> ParseParameters(string url, string query)
    {
        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] halves = pair.Split('=', 2);
            string name = Uri.UnescapeDataString(halves[0]);
            if (halves.Length < 2 || !S3UrlParameters.Names.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                throw Wrong(url, $"The URL has a parameter that is not known or has no value. There are: {string.Join(", ", S3UrlParameters.Names)}.");
            }

            if (!parameters.TryAdd(name, Uri.UnescapeDataString(halves[1])))
            {
                throw Wrong(url, $"The URL has the parameter {name} twice.");
            }
        }

        return parameters;
    }

    private static string ParsePath(string url, string rest)
    {
        if (rest.Contains('?', StringComparison.Ordinal) || rest.Contains('#', StringComparison.Ordinal))
        {
            throw Wrong(url, "A directory has no parameters; write a ? or # of its name as %3F or %23.");
        }

        string path = Uri.UnescapeDataString(rest);
        if (path.StartsWith("//", StringComparison.Ordinal))
        {
            // file://host/path: there are no hosts here, and file://data is a directory's name gone wrong.
            if (!path.StartsWith("///", StringComparison.Ordinal))
            {
                throw Wrong(url, "After file:// comes a third slash and an absolute path; a relative one is file:path.");
            }

            path = path[2..];
        }

        // file:///C:/data
        if (OperatingSystem.IsWindows() && path is ['/', _, ':', ..])
        {
            path = path[1..];
        }

        return path.Length == 0 || path.Contains('\0', StringComparison.Ordinal)
            ? throw Wrong(url, "The URL names no directory.")
            : Path.GetFullPath(path);
    }

    private static string ParseName(string url, string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? name
            : throw Wrong(url, "The name of a store in memory may hold a-z A-Z 0-9 . _ -");

    private static StoreException Wrong(string url, string what) => StoreErrors.Misconfigured(Redact(url), $"{what} {Forms}");

    /// <summary>A bucket of S3 or a compatible store, and a prefix in it without slashes around it.</summary>
    public sealed record S3(string Bucket, string Prefix, IReadOnlyDictionary<string, string> Parameters) : StoreUrl;

    /// <summary>A directory, by its absolute path.</summary>
    public sealed record Folder(string Path) : StoreUrl;

    /// <summary>Memory; the name is empty for a private store.</summary>
    public sealed record Memory(string Name) : StoreUrl;
}
