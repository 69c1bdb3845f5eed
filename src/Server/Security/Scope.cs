using System.IO.Enumeration;
using System.Security.Claims;

namespace OrleansSqlite.Server;

/// <summary>
/// What a token grants, as OAuth writes scopes: words with blanks between, each a right and a pattern of database names: <c>read:shop write:app-*</c>.
/// </summary>
internal sealed class Scope
{
    /// <summary>The claim that carries it (RFC 8693).</summary>
    public const string Claim = "scope";

    private readonly (DatabaseRight Right, string Pattern)[] grants;

    private Scope(IEnumerable<(DatabaseRight, string)> grants) => this.grants = [.. grants];

    /// <summary>What a principal was granted. Words of others, such as <c>openid</c>, grant nothing here.</summary>
    public static Scope Of(ClaimsPrincipal principal) =>
        new(principal.FindAll(Claim).SelectMany(claim => Words(claim.Value)).Select(Grant).OfType<(DatabaseRight, string)>());

    /// <summary>Whether a text is a scope and every word of it grants something here.</summary>
    public static bool IsValid(string? text) => Words(text ?? "") is { Length: > 0 } words && words.All(word => Grant(word) is not null);

    /// <summary>Whether it grants this right, or a greater one, on this database.</summary>
    public bool Allows(string database, DatabaseRight right) =>
        grants.Any(grant => grant.Right >= right && FileSystemName.MatchesSimpleExpression(grant.Pattern, database, ignoreCase: false));

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static (DatabaseRight, string)? Grant(string word)
    {
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        var pattern = word[(colon + 1)..];
        return pattern.Length == 0 || !pattern.All(IsOfPattern) ? null : (colon < 0 ? "" : word[..colon]) switch
        {
            "read" => (DatabaseRight.Read, pattern),
            "write" => (DatabaseRight.Write, pattern),
            "admin" => (DatabaseRight.Admin, pattern),
            _ => null,
        };
    }

    /// <summary>What a name consists of, and the star. Nothing else that the matcher might take for a wildcard or an escape.</summary>
    private static bool IsOfPattern(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '*' or '-' or '_' or '.';
}
