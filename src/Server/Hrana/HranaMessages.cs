namespace OrleansSqlite.Server.Hrana;

/// <summary>What a client asks of a stream, however it was encoded. SQL that was stored has its text already.</summary>
internal abstract record HranaRequest
{
    public sealed record Close : HranaRequest;

    public sealed record Execute(HranaStatement Statement) : HranaRequest;

    public sealed record Batch(IReadOnlyList<BatchStep> Steps) : HranaRequest;

    public sealed record Sequence(SqlReference Sql) : HranaRequest;

    public sealed record Describe(SqlReference Sql) : HranaRequest;

    public sealed record StoreSql(int SqlId, string Sql) : HranaRequest;

    public sealed record CloseSql(int SqlId) : HranaRequest;

    public sealed record GetAutocommit : HranaRequest;
}

/// <summary>SQL, by its text or by the id that it was stored under.</summary>
internal readonly record struct SqlReference(string? Text, int? Id);

/// <summary>A statement with its arguments: by position, by name, or both.</summary>
internal sealed record HranaStatement(
    SqlReference Sql, IReadOnlyList<SqlValue> Arguments, IReadOnlyList<KeyValuePair<string, SqlValue>> NamedArguments, bool WantsRows);

/// <summary>One step of a batch, executed if its condition holds.</summary>
internal sealed record BatchStep(BatchCondition? Condition, HranaStatement Statement);

/// <summary>A condition on the steps before.</summary>
internal abstract record BatchCondition
{
    public sealed record Ok(int Step) : BatchCondition;

    public sealed record Failed(int Step) : BatchCondition;

    public sealed record Not(BatchCondition Inner) : BatchCondition;

    public sealed record And(IReadOnlyList<BatchCondition> All) : BatchCondition;

    public sealed record Or(IReadOnlyList<BatchCondition> Any) : BatchCondition;

    public sealed record IsAutocommit : BatchCondition;
}

/// <summary>What a stream answers.</summary>
internal abstract record HranaResponse(string Type)
{
    /// <summary>Done, and nothing to say.</summary>
    public sealed record Done(string Type) : HranaResponse(Type);

    public sealed record Execute(StatementAnswer Result) : HranaResponse("execute");

    public sealed record Batch(BatchAnswer Result) : HranaResponse("batch");

    public sealed record Describe(DescribeAnswer Result) : HranaResponse("describe");

    public sealed record GetAutocommit(bool IsAutocommit) : HranaResponse("get_autocommit");

    public sealed record FetchCursor(IReadOnlyList<CursorEntry> Entries, bool IsDone) : HranaResponse("fetch_cursor");
}

/// <summary>What a statement gave.</summary>
internal sealed record StatementAnswer(
    IReadOnlyList<HranaColumn> Columns, IReadOnlyList<SqlValue[]> Rows, long AffectedRows, long LastInsertRowId);

/// <summary>A column with the type that it was declared with.</summary>
internal readonly record struct HranaColumn(string Name, string? DeclaredType);

/// <summary>For each step its result, its error, or neither if it was left out.</summary>
internal sealed record BatchAnswer(IReadOnlyList<StatementAnswer?> Results, IReadOnlyList<HranaError?> Errors);

/// <summary>What a statement is, without executing it.</summary>
internal sealed record DescribeAnswer(
    IReadOnlyList<string?> Parameters, IReadOnlyList<HranaColumn> Columns, bool IsExplain, bool IsReadOnly);

/// <summary>An error as clients get it.</summary>
internal sealed record HranaError(string Message, string Code);

/// <summary>A piece of a batch's answer, given out while it runs.</summary>
internal abstract record CursorEntry
{
    public sealed record StepBegin(int Step, IReadOnlyList<HranaColumn> Columns) : CursorEntry;

    public sealed record Row(SqlValue[] Values) : CursorEntry;

    public sealed record StepEnd(long AffectedRows, long LastInsertRowId) : CursorEntry;

    public sealed record StepError(int Step, HranaError Error) : CursorEntry;
}
