namespace OrleansSqlite.Cli;

/// <summary>How rows are printed.</summary>
internal enum RowFormat
{
    /// <summary>A drawn table.</summary>
    Table,

    /// <summary>A row per line, tabs between, what would break the line escaped.</summary>
    Tabs,

    /// <summary>A row per line, a bar between, as the sqlite3 program does.</summary>
    List,

    /// <summary>Comma-separated values, RFC 4180.</summary>
    Csv,

    /// <summary>The JSON of the HTTP endpoints.</summary>
    Json,

    /// <summary>A column per line.</summary>
    Line,
}
