namespace OrleansSqlite.Server.Hrana;

/// <summary>SQL that a client stored to name it by a number. Bounded, as nobody else forgets it.</summary>
internal sealed class StoredSql(OrleansSqliteServerOptions options)
{
    private readonly Dictionary<int, string> texts = [];
    private long characters;

    public void Store(int id, string sql)
    {
        if (texts.ContainsKey(id))
        {
            throw new HranaException("SQL_STORE_ID_EXISTS", $"SQL is stored under the id {id} already. Close it first.");
        }

        if (texts.Count >= options.StoredStatements || characters + sql.Length > options.RequestBytes)
        {
            throw new HranaException(
                "SQL_STORE_TOO_LARGE", $"This server stores up to {options.StoredStatements} statements for a client. Close some with close_sql.");
        }

        texts.Add(id, sql);
        characters += sql.Length;
    }

    public void Close(int id)
    {
        if (texts.Remove(id, out string? sql))
        {
            characters -= sql.Length;
        }
    }

    /// <summary>The text that is meant.</summary>
    public string Text(SqlReference sql) => sql switch
    {
        { Text: { } text, Id: null } => text,
        { Text: null, Id: { } id } => texts.TryGetValue(id, out string? text)
            ? text
            : throw new HranaException("SQL_STORE_ID_NOT_FOUND", $"No SQL is stored under the id {id}. Send it with store_sql first, on the same stream."),
        _ => throw HranaException.Malformed("A statement has either sql or sql_id."),
    };
}
