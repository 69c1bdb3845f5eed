namespace OrleansSqlite.Server.Hrana;

/// <summary>A word, a quoted name or text, or a sign of SQL.</summary>
internal readonly record struct SqlToken(int Start, int End)
{
    /// <summary>The tokens of a text, without its blanks and comments.</summary>
    public static List<SqlToken> Of(string sql)
    {
        List<SqlToken> tokens = [];
        for (int i = 0, end; i < sql.Length; i = end)
        {
            end = SqlScript.SkipOpaque(sql, i, out bool isComment);
            if (isComment || char.IsWhiteSpace(sql[i]))
            {
                end = Math.Max(end, i + 1);
                continue;
            }

            if (end == i)
            {
                for (end = i + 1; SqlScript.IsWord(sql[i]) && end < sql.Length && SqlScript.IsWord(sql[end]); end++)
                {
                }
            }

            tokens.Add(new(i, end));
        }

        return tokens;
    }

    /// <summary>Whether it is this word or sign.</summary>
    public bool Is(string sql, string word) => sql.AsSpan(Start, End - Start).Equals(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>The name that it is, if it is one; one with its own quotes within is not taken apart.</summary>
    public string? Name(string sql) => sql[Start] switch
    {
        '"' or '`' or '[' when End - Start > 2 => sql[(Start + 1)..(End - 1)],
        var c when SqlScript.IsWord(c) && !char.IsAsciiDigit(c) => sql[Start..End],
        _ => null,
    };
}
