using System.Globalization;
using System.Text;
using SQLitePCL;

namespace OrleansSqlite.Server.Hrana;

/// <summary>What the protocol needs to know of SQL before it is compiled: where statements end, and which parameters they have.</summary>
internal static class SqlScript
{
    /// <summary>SQLite's own limit.</summary>
    private const int MostParameters = 32_766;

    /// <summary>The statements of a text, without those that are only blanks and comments.</summary>
    public static List<string> Split(string sql)
    {
        List<string> statements = [];
        int start = 0;
        bool isEmpty = true;
        for (int i = 0; i < sql.Length;)
        {
            int end = SkipOpaque(sql, i, out bool isComment);
            if (end > i)
            {
                isEmpty &= isComment;
                i = end;
                continue;
            }

            if (sql[i] == ';')
            {
                // A trigger has semicolons of its own, which SQLite knows of.
                string statement = sql[start..(i + 1)];
                if (isEmpty || raw.sqlite3_complete(statement) != 0)
                {
                    if (!isEmpty)
                    {
                        statements.Add(statement);
                    }

                    (start, isEmpty) = (i + 1, true);
                }
            }
            else
            {
                isEmpty &= char.IsWhiteSpace(sql[i]);
            }

            i++;
        }

        if (!isEmpty)
        {
            statements.Add(sql[start..]);
        }

        return statements;
    }

    /// <summary>
    /// Gives every <c>?</c> the number that SQLite would give it, and leaves no number unused: the provider binds by name alone, and
    /// wants each one bound.
    /// </summary>
    /// <param name="sql">One statement.</param>
    /// <param name="parameters">What is to be bound.</param>
    public static string Number(string sql, out IReadOnlyList<StreamParameter> parameters)
    {
        parameters = [];
        if (sql.AsSpan().IndexOfAny("?:@$") < 0)
        {
            return sql;
        }

        var used = new SortedDictionary<int, string>();
        HashSet<string> names = [];
        int last = 0;
        List<(int At, int Length, int Number)> questions = [];
        for (int i = 0, end; i < sql.Length; i = end)
        {
            end = SkipOpaque(sql, i, out _);
            if (end > i)
            {
                continue;
            }

            end = i + 1;
            if (sql[i] == '?')
            {
                while (end < sql.Length && char.IsAsciiDigit(sql[end]))
                {
                    end++;
                }

                int number = end == i + 1 ? last + 1
                    : int.TryParse(sql.AsSpan(i + 1, end - i - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : 0;
                if (number is > 0 and <= MostParameters)
                {
                    used.TryAdd(number, sql[i..end]);
                    last = Math.Max(last, number);
                    questions.Add((i, end - i, number));
                }
            }
            else if (IsWord(sql[i]) || sql[i] is ':' or '@' or '$')
            {
                // A dollar within a word begins no parameter.
                while (end < sql.Length && (IsWord(sql[end]) || sql[end] == '$'))
                {
                    end++;
                }

                string name = sql[i..end];
                if (!IsWord(name[0]) && name.Length > 1 && names.Add(name))
                {
                    used.Add(++last, name);
                }
            }
        }

        var places = used.Keys.Select((number, place) => (number, place)).ToDictionary(one => one.number, one => one.place + 1);
        var numbered = new StringBuilder(sql.Length + (4 * questions.Count));
        int copied = 0;
        foreach (var (at, length, number) in questions)
        {
            numbered.Append(sql, copied, at - copied).Append(CultureInfo.InvariantCulture, $"?{places[number]}");
            copied = at + length;
        }

        parameters = [.. used.Select(one => new StreamParameter(one.Value[0] == '?' ? $"?{places[one.Key]}" : one.Value, one.Value, one.Key))];
        return numbered.Append(sql, copied, sql.Length - copied).ToString();
    }

    /// <summary>Whether it can stand in a word.</summary>
    public static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_' || c > '\x7f';

    /// <summary>The end of the comment, text or quoted name that begins here; here, if none does.</summary>
    public static int SkipOpaque(string sql, int start, out bool isComment)
    {
        isComment = false;
        switch (sql[start])
        {
            case '-' when string.CompareOrdinal(sql, start, "--", 0, 2) == 0:
                isComment = true;
                return EndOf("\n", start + 2);
            case '/' when string.CompareOrdinal(sql, start, "/*", 0, 2) == 0:
                isComment = true;
                return EndOf("*/", start + 2);
            case '\'' or '"' or '`':
                // A doubled quote ends one text and begins another, which comes to the same.
                return EndOf(sql[start].ToString(), start + 1);
            case '[':
                return EndOf("]", start + 1);
            default:
                return start;
        }

        int EndOf(string mark, int from)
        {
            int at = sql.IndexOf(mark, from, StringComparison.Ordinal);
            return at < 0 ? sql.Length : at + mark.Length;
        }
    }
}
