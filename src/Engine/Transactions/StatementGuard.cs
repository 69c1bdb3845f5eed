using SQLitePCL;

namespace OrleansSqlite.Transactions;

/// <summary>
/// What SQL from outside may do: anything inside of its database, nothing beyond it, and nothing that would stay on a connection
/// that others use after it. An authorizer of SQLite, asked while a statement is compiled.
/// </summary>
internal sealed class StatementGuard
{
    private const int Deny = 1;

    /// <summary>Pragmas that only read, or whose setting lies in the database or ends with the transaction.</summary>
    private static readonly HashSet<string> Pragmas = new(StringComparer.OrdinalIgnoreCase)
    {
        "analysis_limit", "application_id", "auto_vacuum", "collation_list", "compile_options", "data_version", "database_list",
        "defer_foreign_keys", "encoding", "foreign_key_check", "foreign_key_list", "foreign_keys", "freelist_count", "function_list",
        "incremental_vacuum", "index_info", "index_list", "index_xinfo", "integrity_check", "journal_mode", "module_list", "optimize",
        "page_count", "page_size", "pragma_list", "quick_check", "schema_version", "table_info", "table_list", "table_xinfo",
        "user_version",
    };

    /// <summary>Pragmas of the list above whose setting would stay on the connection: reading only.</summary>
    private static readonly HashSet<string> ReadOnlyPragmas = new(StringComparer.OrdinalIgnoreCase)
    {
        "analysis_limit", "foreign_keys", "journal_mode", "schema_version", "encoding",
    };

    /// <summary>Pragmas whose setting waits on the connection for the next VACUUM, whoever sends it.</summary>
    private static readonly HashSet<string> PragmasForVacuum = new(StringComparer.OrdinalIgnoreCase) { "auto_vacuum", "page_size" };

    private readonly bool writing;
    private readonly bool ownsConnection;

    private StatementGuard(bool writing, bool ownsConnection = false) => (this.writing, this.ownsConnection) = (writing, ownsConnection);

    /// <summary>For batches.</summary>
    public static StatementGuard ForWriting => new(true);

    /// <summary>For queries.</summary>
    public static StatementGuard ForReading => new(false);

    /// <summary>For connections that one stranger has alone, until they are closed: transactions are theirs to begin and to end.</summary>
    public static StatementGuard ForConnection => new(true, ownsConnection: true);

    /// <summary>Whether nothing may be changed: the transaction was begun as one that only reads.</summary>
    public bool OnlyReads { get; set; }

    /// <summary>Lifted while the engine compiles its own BEGIN and COMMIT, and while VACUUM runs (it attaches a temporary database).</summary>
    public bool IsLifted { get; set; }

    /// <summary>Whether a statement made something that stays on the connection, which must not be there for the next user.</summary>
    public bool LeavesTraces { get; set; }

    /// <summary>Why the statement that was compiled last was refused, if it was.</summary>
    public string? Refusal { get; set; }

    /// <summary>Puts the guard on a connection.</summary>
    public void Attach(sqlite3 handle) => raw.sqlite3_set_authorizer(handle, Authorize, null);

    private int Authorize(object data, int action, string first, string second, string database, string source)
    {
        if (IsLifted)
        {
            return raw.SQLITE_OK;
        }

        string? why = action switch
        {
            raw.SQLITE_ATTACH when ownsConnection && first is "" => null, // Temporary: so VACUUM works.
            raw.SQLITE_DETACH when ownsConnection => null,
            raw.SQLITE_INSERT or raw.SQLITE_UPDATE or raw.SQLITE_DELETE when OnlyReads => "the transaction was begun to read only",
            raw.SQLITE_ATTACH => "ATTACH reaches outside of the database",
            raw.SQLITE_DETACH => "DETACH reaches outside of the database",
            raw.SQLITE_TRANSACTION when !ownsConnection => "a batch is a transaction already: take BEGIN, COMMIT, END and ROLLBACK out of it",
            raw.SQLITE_SAVEPOINT when !writing => "a query has no savepoints",
            raw.SQLITE_PRAGMA when !Pragmas.Contains(first) => $"PRAGMA {first} would stay on the connection, or reaches outside of the database",
            raw.SQLITE_PRAGMA when ownsConnection && first.Equals("foreign_keys", StringComparison.OrdinalIgnoreCase) => null,
            raw.SQLITE_PRAGMA when second is not null && ReadOnlyPragmas.Contains(first) => $"PRAGMA {first} can only be read here",
            raw.SQLITE_FUNCTION when IsDangerous(second) => $"the function {second} reaches outside of the database",
            _ => null,
        };
        Refusal = why ?? Refusal;
        LeavesTraces |= action switch
        {
            raw.SQLITE_READ or raw.SQLITE_SELECT => false,
            raw.SQLITE_PRAGMA => second is not null && PragmasForVacuum.Contains(first),

            // Not the CREATE TEMP actions alone: CREATE TABLE temp.x is none of them.
            _ => string.Equals(database, "temp", StringComparison.OrdinalIgnoreCase),
        };

        // The engine forgets a refusal before it compiles the next statement; who owns a connection compiles unseen.
        return (ownsConnection ? why : Refusal) is null ? raw.SQLITE_OK : Deny;
    }

    private static bool IsDangerous(string? function) => function is not null
        && (function.Equals("load_extension", StringComparison.OrdinalIgnoreCase)
            || function.Equals("fts3_tokenizer", StringComparison.OrdinalIgnoreCase)
            || function.Equals("readfile", StringComparison.OrdinalIgnoreCase)
            || function.Equals("writefile", StringComparison.OrdinalIgnoreCase)
            || function.Equals("edit", StringComparison.OrdinalIgnoreCase));
}
