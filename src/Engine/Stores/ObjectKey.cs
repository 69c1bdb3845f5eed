namespace OrleansSqlite.Stores;

/// <summary>
/// The rules for keys, one place for all stores. They are narrow on purpose: such a key is a plain path in a directory
/// and needs no escaping in a URL or a listing. A key that breaks them is a bug of the caller, so an <see cref="ArgumentException"/>.
/// </summary>
internal static class ObjectKey
{
    /// <summary>The folder that a directory store keeps for itself; no key of any store lies in it.</summary>
    public const string ReservedFolder = ".orleans-sqlite";

    /// <summary>S3 takes 1024 bytes, of which the store's own prefix uses some.</summary>
    public const int MaxChars = 800;

    /// <summary>What file systems take for one name.</summary>
    public const int MaxPartChars = 255;

    /// <summary>Checks a whole key.</summary>
    public static void Check(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (Problem(key, isPrefix: false) is { } problem)
        {
            throw new ArgumentException($"The key '{key}' {problem}.", nameof(key));
        }
    }

    /// <summary>Checks the start of keys for a listing: empty, or anything that a key can start with.</summary>
    public static void CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length > 0 && Problem(prefix, isPrefix: true) is { } problem)
        {
            throw new ArgumentException($"The prefix '{prefix}' {problem}.", nameof(prefix));
        }
    }

    /// <summary>Checks the prefix of a listing of folders: empty, or whole parts that end with a slash.</summary>
    public static void CheckFolder(string prefix)
    {
        CheckPrefix(prefix);
        if (prefix.Length > 0 && prefix[^1] != '/')
        {
            throw new ArgumentException($"The prefix '{prefix}' must be empty or end with a slash.", nameof(prefix));
        }
    }

    /// <summary>What is wrong with a key or prefix, or null.</summary>
    public static string? Problem(string key, bool isPrefix)
    {
        if (key.Length > MaxChars)
        {
            return $"is longer than {MaxChars} characters";
        }

        ReadOnlySpan<char> rest = key;
        bool first = true;
        while (true)
        {
            int slash = rest.IndexOf('/');
            ReadOnlySpan<char> part = slash < 0 ? rest : rest[..slash];
            bool unfinished = isPrefix && slash < 0;
            if (ProblemOfPart(part, first, unfinished) is { } problem)
            {
                return problem;
            }

            if (slash < 0)
            {
                return null;
            }

            rest = rest[(slash + 1)..];
            first = false;
        }
    }

    private static string? ProblemOfPart(ReadOnlySpan<char> part, bool first, bool unfinished)
    {
        foreach (char c in part)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))
            {
                return "holds another character than a-z A-Z 0-9 . _ - and /";
            }
        }

        if (part.Length > MaxPartChars)
        {
            return $"has a part longer than {MaxPartChars} characters";
        }

        // The last part of a prefix may be the beginning of anything.
        if (unfinished)
        {
            return null;
        }

        return part switch
        {
            "" => "starts or ends with a slash, or has two in a row",
            "." or ".." => "has a part that is . or ..",
            ReservedFolder when first => $"lies in the folder {ReservedFolder}, which is reserved",
            _ => null,
        };
    }
}
