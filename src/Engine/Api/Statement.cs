namespace OrleansSqlite;

/// <summary>SQL with its parameters. The text may hold several statements: they share the parameters and run in order.</summary>
public sealed record Statement
{
    /// <summary>Makes a statement with positional parameters (<c>?</c>, <c>?1</c>), each converted by <see cref="SqlValue.FromObject"/>.</summary>
    /// <exception cref="ArgumentException">A parameter's type has no form in SQLite.</exception>
    public Statement(string sql, params object?[] parameters)
    {
        ArgumentNullException.ThrowIfNull(sql);
        ArgumentNullException.ThrowIfNull(parameters);
        Sql = sql;
        Positional = Array.ConvertAll(parameters, SqlValue.FromObject);
    }

    /// <summary>The SQL text.</summary>
    public string Sql { get; init; }

    /// <summary>Values for <c>?</c>, <c>?NNN</c>: the first one is number 1.</summary>
    public IReadOnlyList<SqlValue> Positional { get; init; }

    /// <summary>Values for <c>:name</c>, <c>@name</c>, <c>$name</c>, by their name with or without the leading character.</summary>
    public IReadOnlyDictionary<string, SqlValue> Named { get; init; } = EmptyNames;

    private static readonly Dictionary<string, SqlValue> EmptyNames = [];

    /// <summary>SQL without parameters.</summary>
    public static implicit operator Statement(string sql) => new(sql);

    /// <summary>SQL without parameters.</summary>
    public static Statement FromString(string sql) => new(sql);

    /// <summary>SQL with named parameters.</summary>
    public static Statement WithNames(string sql, IReadOnlyDictionary<string, SqlValue> named) => new(sql) { Named = named };
}

/// <summary>A column of a result.</summary>
/// <param name="Name">Its name, or its alias.</param>
/// <param name="DeclaredType">The type that the table declares, or null for an expression.</param>
public sealed record Column(string Name, string? DeclaredType);

/// <summary>What one statement gave.</summary>
/// <param name="Columns">Empty for a statement that gives no rows.</param>
/// <param name="Rows">All its rows; empty if it gives none.</param>
/// <param name="Changes">Rows inserted, updated or deleted by this statement itself.</param>
/// <param name="LastInsertRowId">The rowid of the newest row inserted by this transaction so far, or 0.</param>
public sealed record StatementResult(
    IReadOnlyList<Column> Columns, IReadOnlyList<IReadOnlyList<SqlValue>> Rows, long Changes, long LastInsertRowId);

/// <summary>Statements that run as one transaction: all of them, or none.</summary>
public sealed record Batch
{
    /// <summary>Makes a batch.</summary>
    public Batch(params IReadOnlyList<Statement> statements)
    {
        ArgumentNullException.ThrowIfNull(statements);
        Statements = statements;
    }

    /// <summary>What runs, in order.</summary>
    public IReadOnlyList<Statement> Statements { get; init; }

    /// <summary>
    /// The caller's own key for this write, 1 to 128 characters: the same key never takes effect twice, and a repetition is answered
    /// with the first one's result. Remembered for <see cref="DatabaseOptions.OperationRetention"/>.
    /// </summary>
    public string? OperationId { get; init; }

    /// <summary>If given, the batch runs only on exactly this version; otherwise it fails with <see cref="ErrorCodes.VersionMismatch"/>.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>A batch of one statement.</summary>
    public static implicit operator Batch(string sql) => new(new Statement(sql));

    /// <summary>A batch of one statement.</summary>
    public static implicit operator Batch(Statement statement) => new(statement);

    /// <summary>A batch of one statement.</summary>
    public static Batch FromStatement(Statement statement) => new(statement);

    /// <summary>A batch of one statement.</summary>
    public static Batch FromString(string sql) => new(new Statement(sql));
}

/// <summary>What a batch gave, once it is durable.</summary>
/// <param name="Version">The version that carries the batch, and perhaps others of its group behind it. For one that changed nothing,
/// the newest version all of which it saw.</param>
/// <param name="Results">One per statement that ran, in order. Empty for a repetition whose first results were larger than 16 KiB.</param>
/// <param name="Repeated">True if the operation id had taken effect before: nothing ran now.</param>
public sealed record BatchResult(long Version, IReadOnlyList<StatementResult> Results, bool Repeated = false);
