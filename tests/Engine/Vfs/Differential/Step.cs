namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>One transaction, as it is given to the engine and to plain SQLite alike.</summary>
internal abstract record Step
{
    /// <summary>The SQL, for the message of a failure.</summary>
    public abstract string Text { get; }
}

/// <summary>Statements as a batch: all of them or none.</summary>
internal sealed record BatchStep(IReadOnlyList<Statement> Statements) : Step
{
    public override string Text => "batch:\n" + string.Join('\n', Statements.Select(Show));

    private static string Show(Statement statement) =>
        statement.Positional.Count == 0 ? statement.Sql : $"{statement.Sql}  -- {string.Join(", ", statement.Positional)}";
}

/// <summary>Statements in a closure, whose errors are noted and passed over; the transaction goes on.</summary>
internal sealed record ClosureStep(IReadOnlyList<string> Statements) : Step
{
    public override string Text => "closure:\n" + string.Join('\n', Statements);
}

/// <summary>VACUUM, with the settings that it carries out.</summary>
internal sealed record VacuumStep(int? PageBytes, string? AutoVacuum) : Step
{
    public override string Text => "batch:\n" + string.Join('\n', Statements);

    public IReadOnlyList<string> Statements =>
    [
        .. PageBytes is { } bytes ? [$"PRAGMA page_size={bytes}"] : Array.Empty<string>(),
        .. AutoVacuum is { } mode ? [$"PRAGMA auto_vacuum={mode}"] : Array.Empty<string>(),
        "VACUUM",
    ];
}
