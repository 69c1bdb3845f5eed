using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Cli;

/// <summary>.dump: prints a database, or a table, as SQL that makes it again. All of it is one snapshot.</summary>
internal static class Dump
{
    private sealed record Item(string Type, string Name, string Table, string Sql);

    private sealed record TableShape(string Name, bool IsVirtual, IReadOnlyList<string> Columns, bool HasGenerated);

    public static Task RunAsync(ShellContext context, string pattern, CancellationToken cancellation) =>
        context.Database.ReadAsync(
            connection =>
            {
                Write(connection, context.Terminal.Out, pattern, cancellation);
                return true;
            },
            ReadLevel.Strong, cancellation);

    private static void Write(SqliteConnection connection, TextWriter output, string pattern, CancellationToken cancellation)
    {
        var items = Items(connection, pattern);
        output.WriteLine("PRAGMA foreign_keys=OFF;");
        output.WriteLine("BEGIN TRANSACTION;");
        // Where foreign keys stay on, as they do in a shell that has each input on a connection of its own, they wait for the end.
        output.WriteLine("PRAGMA defer_foreign_keys=ON;");
        foreach (var item in items.Where(item => item.Type == "table"))
        {
            var shape = Shape(connection, item);
            output.WriteLine($"{item.Sql};");
            if (shape.Columns.Count > 0)
            {
                WriteRows(connection, output, shape, cancellation);
            }
        }

        if (items.Any(item => item.Sql.Contains("AUTOINCREMENT", StringComparison.OrdinalIgnoreCase)))
        {
            WriteSequences(connection, output, items);
        }

        foreach (var item in items.Where(item => item.Type != "table"))
        {
            output.WriteLine($"{item.Sql};");
        }

        output.WriteLine("COMMIT;");
    }

    /// <summary>What is to be made again. What SQLite makes by itself, and the inner tables of virtual ones, come by themselves.</summary>
    private static List<Item> Items(SqliteConnection connection, string pattern)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            $"""
            select type, name, tbl_name, sql from sqlite_schema
            where sql is not null and {SchemaCommands.NotInternal} and tbl_name like $pattern
              and name not in (select name from pragma_table_list where type = 'shadow')
            order by rowid
            """;
        command.Parameters.AddWithValue("$pattern", pattern);
        using var reader = command.ExecuteReader();
        List<Item> items = [];
        while (reader.Read())
        {
            items.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3)));
        }

        return items;
    }

    private static TableShape Shape(SqliteConnection connection, Item item)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "select name, hidden from pragma_table_xinfo($table)";
        command.Parameters.AddWithValue("$table", item.Name);
        using var reader = command.ExecuteReader();
        List<string> columns = [];
        var generated = false;
        while (reader.Read())
        {
            if (reader.GetInt64(1) == 0)
            {
                columns.Add(ValueText.Identifier(reader.GetString(0)));
            }
            else
            {
                generated = true;
            }
        }

        var isVirtual = item.Sql.StartsWith("CREATE VIRTUAL", StringComparison.OrdinalIgnoreCase);
        if (isVirtual && item.Sql.Contains("using fts", StringComparison.OrdinalIgnoreCase))
        {
            columns.Insert(0, "rowid");
        }

        return new(item.Name, isVirtual, columns, generated);
    }

    private static void WriteRows(SqliteConnection connection, TextWriter output, TableShape table, CancellationToken cancellation)
    {
        var columns = string.Join(',', table.Columns);
        var target = ValueText.Identifier(table.Name) + (table.HasGenerated || table.IsVirtual ? $"({columns})" : "");
        using var command = connection.CreateCommand();
        command.CommandText = $"select {columns} from {ValueText.Identifier(table.Name)}";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            cancellation.ThrowIfCancellationRequested();
            output.Write($"INSERT INTO {target} VALUES(");
            for (var i = 0; i < reader.FieldCount; i++)
            {
                output.Write(i > 0 ? "," : "");
                output.Write(ValueText.Literal(SqlValue.FromObject(reader.GetValue(i))));
            }

            output.WriteLine(");");
        }
    }

    /// <summary>The numbers that AUTOINCREMENT has given out, so that none is given twice.</summary>
    private static void WriteSequences(SqliteConnection connection, TextWriter output, List<Item> items)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "select name, seq from sqlite_sequence";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var name = reader.GetString(0);
            if (items.Any(item => item.Name == name))
            {
                var literal = ValueText.Literal(SqlValue.From(name));
                output.WriteLine($"DELETE FROM sqlite_sequence WHERE name={literal};");
                output.WriteLine($"INSERT INTO sqlite_sequence VALUES({literal},{reader.GetInt64(1)});");
            }
        }
    }
}
