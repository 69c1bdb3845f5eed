namespace OrleansSqlite.Server;

/// <summary>Refuses a configuration of access that grants nothing, or something else than it seems to.</summary>
internal static class AccessOptionsCheck
{
    /// <summary>What is wrong, or null.</summary>
    public static string? Find(AccessOptions options)
    {
        if (options.ClockSkew < TimeSpan.Zero || options.ClockSkew > TimeSpan.FromHours(1))
        {
            return "Access.ClockSkew must be from 0 to 1 hour.";
        }

        foreach (var token in options.Tokens)
        {
            if (string.IsNullOrWhiteSpace(token.Name) || options.Tokens.Count(other => other.Name == token.Name) > 1)
            {
                return "Each of Access.Tokens must have a Name, and no two the same.";
            }

            if (!TokenHash.IsValid(token.Hash))
            {
                return $"The Hash of the token '{token.Name}' must be sha256: and 64 hexadecimal digits. Make one with: orleans-sqlite token";
            }

            if (!Scope.IsValid(token.Scope))
            {
                return $"The Scope of the token '{token.Name}' must be words such as read:shop or write:app-*: read, write or admin, and a pattern of names.";
            }
        }

        foreach (var key in options.Keys)
        {
            if (new[] { key.Secret, key.Pem, key.Jwks }.Count(setting => !string.IsNullOrWhiteSpace(setting)) != 1)
            {
                return "Each of Access.Keys must have one of Secret, Pem and Jwks.";
            }

            if (KeyFile.Find(key) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }
}
