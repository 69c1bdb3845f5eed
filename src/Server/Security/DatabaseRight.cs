namespace OrleansSqlite.Server;

/// <summary>What a token may do with a database. Each includes those before it.</summary>
public enum DatabaseRight
{
    /// <summary>Queries, descriptions, the schema, the history, exports.</summary>
    Read,

    /// <summary>Statements that write, too.</summary>
    Write,

    /// <summary>Everything: create, delete, import, fork, restore, snapshots, retention, maintenance.</summary>
    Admin,
}
