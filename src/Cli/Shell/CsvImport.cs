using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Cli;

/// <summary>.import: inserts the rows of a CSV file as one transaction. A table that is not there is made, with the first row as its columns.</summary>
internal static class CsvImport
{
    public static async Task RunAsync(ShellContext context, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var (file, table, skip) = Parse(arguments);
        Files.OpenText(file).Dispose();
        // The file is opened inside: a transaction that lost a race runs again from its first line.
        var done = await context.Database.WriteAsync(connection => Import(connection, file, table, skip, cancellation), cancellation);
        context.Terminal.Out.WriteLine($"{done.Value.Rows} rows imported into {table}, version {done.Version}");
        if (done.Value.Uneven > 0)
        {
            context.Terminal.Error.WriteLine(
                $"{done.Value.Uneven} rows had another number of fields than {table} has columns (line {done.Value.FirstUneven} first): NULL was filled in, the surplus left out.");
        }
    }

    private static (string File, string Table, int Skip) Parse(IReadOnlyList<string> arguments)
    {
        var rest = arguments.Where(argument => argument != "--csv").ToList();
        var skip = 0;
        var at = rest.IndexOf("--skip");
        if (at >= 0)
        {
            if (at + 1 >= rest.Count || !int.TryParse(rest[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out skip))
            {
                throw new UsageException("--skip takes a number of lines.", "Write .import --skip 1 FILE TABLE");
            }

            rest.RemoveRange(at, 2);
        }

        return rest is [var file, var table] ? (file, table, skip) : throw new UsageException("A file and a table are needed.", "Write .import FILE TABLE");
    }

    private static (long Rows, long Uneven, long FirstUneven) Import(
        SqliteConnection connection, string file, string table, int skip, CancellationToken cancellation)
    {
        using var text = Files.OpenText(file);
        var csv = new CsvReader(text);
        for (var i = 0; i < skip; i++)
        {
            csv.Read();
        }

        var columns = ColumnCount(connection, table);
        if (columns == 0)
        {
            columns = Create(connection, table, csv.Read() ?? throw new UsageException($"The file {file} is empty.", "Its first line must name the columns."));
        }

        using var insert = connection.CreateCommand();
        insert.CommandText = $"INSERT INTO {ValueText.Identifier(table)} VALUES ({string.Join(", ", Enumerable.Range(1, columns).Select(i => $"?{i}"))})";
        var parameters = Enumerable.Range(1, columns).Select(i => insert.Parameters.Add($"?{i}", SqliteType.Text)).ToArray();
        var (rows, uneven, firstUneven) = (0L, 0L, 0L);
        while (csv.Read() is { } record)
        {
            cancellation.ThrowIfCancellationRequested();
            if (record is [""])
            {
                continue;
            }

            if (record.Count != columns)
            {
                firstUneven = uneven++ == 0 ? csv.Line : firstUneven;
            }

            for (var i = 0; i < columns; i++)
            {
                parameters[i].Value = i < record.Count ? record[i] : DBNull.Value;
            }

            insert.ExecuteNonQuery();
            rows++;
        }

        return (rows, uneven, firstUneven);
    }

    private static int ColumnCount(SqliteConnection connection, string table)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM pragma_table_info($table)";
        command.Parameters.AddWithValue("$table", table);
        return (int)(long)command.ExecuteScalar()!;
    }

    private static int Create(SqliteConnection connection, string table, List<string> names)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"CREATE TABLE {ValueText.Identifier(table)}({string.Join(", ", names.Select(name => $"{ValueText.Identifier(name)} TEXT"))})";
        command.ExecuteNonQuery();
        return names.Count;
    }
}
