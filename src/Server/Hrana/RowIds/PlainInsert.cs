namespace OrleansSqlite.Server.Hrana;

/// <summary>
/// <c>INSERT INTO table (columns) VALUES (…), (…) RETURNING …</c>, taken apart as far as needed to give its rows their ids. Every other
/// form is left to SQLite: with <c>OR REPLACE</c> or <c>ON CONFLICT</c> an id that was given would mean something else.
/// </summary>
/// <param name="Table">The table, of the schema main.</param>
/// <param name="Columns">The columns that are named; null if none are.</param>
/// <param name="ColumnsEnd">Where a list of columns ends, or would begin.</param>
/// <param name="Rows">The rows; empty for <c>DEFAULT VALUES</c>.</param>
/// <param name="Defaults">Where <c>DEFAULT VALUES</c> stands.</param>
internal sealed record PlainInsert(
    string Table, IReadOnlyList<string>? Columns, int ColumnsEnd, IReadOnlyList<PlainInsert.Row> Rows, Range Defaults)
{
    /// <summary>A row: where its values stand, and where it ends.</summary>
    internal sealed record Row(IReadOnlyList<SqlToken> First, IReadOnlyList<bool> IsNull, int End);

    /// <summary>Takes a statement apart. Null if it is of another form.</summary>
    public static PlainInsert? Find(string sql)
    {
        if (!Transactions.SqlText.Starts(Transactions.SqlText.SkipBlanks(sql), "INSERT"))
        {
            return null;
        }

        var reader = new Reader(sql, SqlToken.Of(sql));
        return reader.Read();
    }

    private sealed class Reader(string sql, List<SqlToken> tokens)
    {
        private int at;

        public PlainInsert? Read()
        {
            if (!Take("INSERT") || !Take("INTO") || TakeName() is not { } table)
            {
                return null;
            }

            if (Take("."))
            {
                if (!table.Equals("main", StringComparison.OrdinalIgnoreCase) || TakeName() is not { } qualified)
                {
                    return null;
                }

                table = qualified;
            }

            int columnsEnd = tokens[at - 1].End;
            if (Is("DEFAULT"))
            {
                int start = tokens[at++].Start;
                return Take("VALUES") && IsAtEnd() ? new(table, null, columnsEnd, [], start..tokens[at - 1].End) : null;
            }

            List<string>? columns = null;
            if (Take("("))
            {
                columns = [];
                do
                {
                    if (TakeName() is not { } column)
                    {
                        return null;
                    }

                    columns.Add(column);
                }
                while (Take(","));

                if (!Is(")"))
                {
                    return null;
                }

                columnsEnd = tokens[at++].Start;
            }

            if (!Take("VALUES"))
            {
                return null;
            }

            List<Row> rows = [];
            do
            {
                if (TakeRow() is not { } row)
                {
                    return null;
                }

                rows.Add(row);
            }
            while (Take(","));

            return IsAtEnd() ? new(table, columns, columnsEnd, rows, default) : null;
        }

        private Row? TakeRow()
        {
            if (!Take("("))
            {
                return null;
            }

            List<SqlToken> first = [];
            List<bool> isNull = [];
            int depth = 0;
            for (int start = at; at < tokens.Count; at++)
            {
                bool closes = Is(")");
                if (depth == 0 && (closes || Is(",")))
                {
                    first.Add(tokens[start]);
                    isNull.Add(at == start + 1 && tokens[start].Is(sql, "NULL"));
                    start = at + 1;
                    if (closes)
                    {
                        return new(first, isNull, tokens[at++].Start);
                    }
                }

                depth += Is("(") ? 1 : closes ? -1 : 0;
            }

            return null;
        }

        private bool IsAtEnd() => at == tokens.Count || Is("RETURNING") || (Is(";") && at == tokens.Count - 1);

        private bool Is(string word) => at < tokens.Count && tokens[at].Is(sql, word);

        private bool Take(string word)
        {
            bool isIt = Is(word);
            at += isIt ? 1 : 0;
            return isIt;
        }

        private string? TakeName()
        {
            string? name = at < tokens.Count ? tokens[at].Name(sql) : null;
            at += name is null ? 0 : 1;
            return name;
        }
    }
}
