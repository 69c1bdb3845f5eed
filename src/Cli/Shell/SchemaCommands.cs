using OrleansSqlite.Transactions;

namespace OrleansSqlite.Cli;

/// <summary>.tables, .indexes and .schema.</summary>
internal sealed class SchemaCommands(ShellContext context)
{
    /// <summary>Leaves out what SQLite and the engine keep for themselves.</summary>
    public const string NotInternal = $"name not like 'sqlite\\_%' escape '\\' and tbl_name not in ('{OperationLog.Table}', '{Combining.InboxLog.Table}')";

    private const int Width = 80;

    public async Task TablesAsync(IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        WriteColumns(await TextsAsync(
            $"""
            select name from sqlite_schema
            where type in ('table', 'view') and {NotInternal} and name like ?1
            order by name
            """,
            Pattern(arguments), cancellation));

    public async Task IndexesAsync(IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        WriteColumns(await TextsAsync(
            $"select name from sqlite_schema where type = 'index' and {NotInternal} and tbl_name like ?1 order by name",
            Pattern(arguments), cancellation));

    public async Task SchemaAsync(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        foreach (var sql in await TextsAsync(
            $"""
            select sql from sqlite_schema
            where sql is not null and {NotInternal} and (name like ?1 or tbl_name like ?1)
            order by rowid
            """,
            Pattern(arguments), cancellation))
        {
            context.Terminal.Out.WriteLine($"{sql};");
        }
    }

    private static string Pattern(IReadOnlyList<string> arguments) => arguments is [var pattern] ? pattern : "%";

    private async Task<List<string>> TextsAsync(string sql, string pattern, CancellationToken cancellation) =>
        [.. (await context.Database.QueryAllAsync(new Statement(sql, pattern), ReadLevel.Strong, cancellation)).Select(row => row[0].AsText())];

    /// <summary>Prints names in columns, downwards first.</summary>
    private void WriteColumns(List<string> names)
    {
        if (names.Count == 0)
        {
            return;
        }

        var width = names.Max(name => name.Length) + 2;
        var columns = Math.Max(1, Width / width);
        var lines = (names.Count + columns - 1) / columns;
        for (var line = 0; line < lines; line++)
        {
            var cells = Enumerable.Range(0, columns).Select(column => (column * lines) + line).Where(i => i < names.Count);
            context.Terminal.Out.WriteLine(string.Concat(cells.Select(i => names[i].PadRight(width))).TrimEnd());
        }
    }
}
