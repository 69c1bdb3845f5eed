using Orleans;

namespace OrleansSqlite;

/// <summary>A <see cref="DatabaseException"/> on its way: all that it says, without the errors behind it.</summary>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.Fault")]
public sealed record Fault
{
    /// <summary><see cref="DatabaseException.Kind"/>.</summary>
    [Id(0)]
    public required ErrorKind Kind { get; init; }

    /// <summary><see cref="DatabaseException.Code"/>.</summary>
    [Id(1)]
    public required string Code { get; init; }

    /// <summary>What happened and what to do next.</summary>
    [Id(2)]
    public required string Message { get; init; }

    /// <summary><see cref="DatabaseException.Database"/>.</summary>
    [Id(3)]
    public string? Database { get; init; }

    /// <summary><see cref="DatabaseException.Version"/>.</summary>
    [Id(4)]
    public long? Version { get; init; }

    /// <summary><see cref="DatabaseException.Object"/>.</summary>
    [Id(5)]
    public string? Object { get; init; }

    /// <summary><see cref="DatabaseException.OutcomeKnown"/>.</summary>
    [Id(6)]
    public bool OutcomeKnown { get; init; }

    /// <summary><see cref="DatabaseException.SqliteCode"/>.</summary>
    [Id(7)]
    public int SqliteCode { get; init; }

    /// <summary><see cref="DatabaseException.Statement"/>.</summary>
    [Id(8)]
    public int? Statement { get; init; }

    /// <summary>An exception as a fault.</summary>
    public static Fault Of(DatabaseException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new Fault
        {
            Kind = error.Kind,
            Code = error.Code,
            Message = error.Message,
            Database = error.Database,
            Version = error.Version,
            Object = error.Object,
            OutcomeKnown = error.OutcomeKnown,
            SqliteCode = error.SqliteCode,
            Statement = error.Statement,
        };
    }

    /// <summary>The fault as an exception.</summary>
    public DatabaseException ToException() => new(Kind, Code, Message)
    {
        Database = Database,
        Version = Version,
        Object = Object,
        OutcomeKnown = OutcomeKnown,
        SqliteCode = SqliteCode,
        Statement = Statement,
    };
}
