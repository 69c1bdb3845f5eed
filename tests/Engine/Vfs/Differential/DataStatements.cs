using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Random statements on rows.</summary>
internal sealed class DataStatements(Sample sample)
{
    private readonly Values values = new(sample);

    /// <summary>A statement that writes; with values as parameters if they are allowed.</summary>
    public Statement Write(Catalogue catalogue, bool parameters)
    {
        var table = Pick(catalogue.Tables);
        if (catalogue.Views.Count > 0 && sample.Below(15) == 0)
        {
            return $"INSERT INTO {Pick(catalogue.Views)}(x, y) VALUES ({Small()}, {Small()})";
        }

        if (catalogue.HasSequence && sample.Below(40) == 0)
        {
            return Either("DELETE FROM sqlite_sequence WHERE seq % 2 = 0", "UPDATE sqlite_sequence SET seq = seq + 3");
        }

        return table.Module switch
        {
            "fts5" => Fts(table, parameters),
            "rtree" => Rtree(table, parameters),
            _ => Ordinary(table, parameters, catalogue),
        };
    }

    private Statement Ordinary(Table table, bool parameters, Catalogue catalogue) =>
        sample.Below(21) switch
        {
            < 7 => Insert(table, parameters),
            7 => Bulk(table),
            8 => $"INSERT {Conflict()}INTO {table.Name} DEFAULT VALUES",
            9 => Upsert(table, parameters),
            10 => $"INSERT {Conflict()}INTO {table.Name}({table.Writable[^1].Name}) SELECT {Pick(Pick(catalogue.Tables).Columns).Name} FROM {Pick(catalogue.Tables).Name} LIMIT {sample.Below(30)}",
            < 15 => Update(table, parameters, catalogue),
            < 18 => Delete(table, parameters),
            18 => $"DELETE FROM {table.Name}",
            19 => $"UPDATE {Conflict()}{table.Name} SET {table.Writable[^1].Name} = o.v FROM (SELECT {Small()} AS k, '{Either("x", "yy", "")}' AS v UNION ALL SELECT {Small()}, NULL) AS o WHERE o.k = {table.Columns[0].Name}{Returning(table)}",
            _ => Long(table),
        };

    /// <summary>A statement that reads, in an order of its own.</summary>
    public string Read(Catalogue catalogue)
    {
        var table = Pick(catalogue.Tables);
        string order = string.Join(", ", Enumerable.Range(1, table.Columns.Count));
        return sample.Below(9) switch
        {
            0 => $"SELECT * FROM {table.Name} ORDER BY {order}",
            1 => $"SELECT count(*), sum(length({Pick(table.Columns).Name})) FROM {table.Name} WHERE {Where(table)}",
            2 => $"SELECT typeof({Pick(table.Columns).Name}) AS ty, count(*) FROM {table.Name} GROUP BY 1 ORDER BY 1",
            3 => $"SELECT count(*) FROM {table.Name} x JOIN {Pick(catalogue.Tables).Name} y ON x.{table.Columns[0].Name} = y.rowid",
            4 => $"SELECT min({Pick(table.Columns).Name}), max({Pick(table.Columns).Name}) FROM {table.Name}",
            5 when catalogue.Views.Count > 0 => $"SELECT * FROM {Pick(catalogue.Views)} ORDER BY 1, 2",
            6 when table.Module == "rtree" => $"SELECT id FROM {table.Name} WHERE x0 >= {Small()} AND x1 <= {Small() + 20} ORDER BY id",
            6 when table.Module == "fts5" => $"SELECT rowid, a FROM {table.Name} WHERE {table.Name} MATCH '{Either("alpha", "beta OR delta", "gam*", "a NOT ab")}' ORDER BY rowid",
            7 => $"SELECT {table.Columns[0].Name}, row_number() OVER (ORDER BY {order}) FROM {table.Name} ORDER BY 2 LIMIT 40",
            _ => $"SELECT {Pick(table.Columns).Name} FROM {table.Name} WHERE {Where(table)} ORDER BY 1 LIMIT {sample.Below(50)}",
        };
    }

    /// <summary>A number from the domain that most values are of.</summary>
    public int Small() => sample.Below(46) - 5;

    private Statement Insert(Table table, bool parameters)
    {
        var columns = Some(table.Writable);
        int rows = sample.Below(4) == 0 ? 2 + sample.Below(6) : 1;
        List<SqlValue> list = [];
        string tuples = string.Join(", ", Enumerable.Range(0, rows).Select(_ => $"({string.Join(", ", columns.Select(column => Value(column, parameters, list)))})"));
        return Make($"INSERT {Conflict()}INTO {table.Name}({Names(columns)}) VALUES {tuples}{Returning(table)}", list);
    }

    private Statement Upsert(Table table, bool parameters)
    {
        var columns = Some(table.Writable);
        List<SqlValue> list = [];
        string target = Either("", $"({table.Columns[0].Name})", $"({table.Columns[^1].Name})");
        string action = target.Length == 0 ? "NOTHING" : Either("NOTHING", $"UPDATE SET {table.Writable[^1].Name} = excluded.{table.Writable[^1].Name} || '+'");
        return Make(
            $"INSERT INTO {table.Name}({Names(columns)}) VALUES ({string.Join(", ", columns.Select(column => Value(column, parameters, list)))}) ON CONFLICT{target} DO {action}{Returning(table)}", list);
    }

    private Statement Update(Table table, bool parameters, Catalogue catalogue)
    {
        var column = Pick(table.Writable);
        List<SqlValue> list = [];
        string value = sample.Below(5) switch
        {
            0 => $"{column.Name} + 1",
            1 => $"coalesce({column.Name}, '') || '{values.Word().Replace("'", "''", StringComparison.Ordinal)}'",
            2 => $"(SELECT max({Pick(catalogue.Tables).Columns[0].Name}) FROM {table.Name})",
            _ => Value(column, parameters, list),
        };
        return Make($"UPDATE {Conflict()}{table.Name} SET {column.Name} = {value} WHERE {Where(table)}{Returning(table)}", list);
    }

    private Statement Delete(Table table, bool parameters)
    {
        List<SqlValue> list = [];
        string where = sample.Below(2) == 0 ? Where(table) : $"{table.Columns[0].Name} = {Value(table.Columns[0], parameters, list)}";
        return Make($"DELETE FROM {table.Name} WHERE {where}{Returning(table)}", list);
    }

    /// <summary>Hundreds of rows: the file grows by many pages.</summary>
    private Statement Bulk(Table table)
    {
        int rows = 20 + sample.Below(400);
        string values = string.Join(", ", table.Writable.Select((column, i) => column.IsKey && column.Type == "INTEGER" && i == 0 ? "NULL" : i % 2 == 0 ? "i" : $"substr(printf('%0{10 + sample.Below(900)}d', i * 7919), 1, 10 + i * 31 % 800)"));
        return $"INSERT OR IGNORE INTO {table.Name}({Names(table.Writable)}) WITH RECURSIVE n(i) AS (SELECT {100 + sample.Below(1000)} UNION ALL SELECT i + 1 FROM n LIMIT {rows}) SELECT {values} FROM n";
    }

    private Statement Long(Table table) =>
        $"UPDATE OR IGNORE {table.Name} SET {table.Writable[^1].Name} = zeroblob({sample.Below(30_000)}) WHERE rowid % 17 = {sample.Below(17)}";

    private Statement Fts(Table table, bool parameters)
    {
        List<SqlValue> list = [];
        var (a, b) = (new TableColumn("a", "TEXT", false, false), new TableColumn("b", "TEXT", false, false));
        return sample.Below(10) switch
        {
            < 5 => Make($"INSERT INTO {table.Name}(a, b) VALUES ({Value(values.ForText(a), parameters, list)}, {Value(values.ForText(b), parameters, list)})", list),
            5 => $"INSERT INTO {table.Name}(a, b) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {sample.Below(300)}) SELECT 'alpha ' || i, 'beta ' || (i % 7) FROM n",
            6 => Make($"UPDATE {table.Name} SET a = {Value(values.ForText(a), parameters, list)} WHERE rowid % 5 = {sample.Below(5)}", list),
            7 => $"DELETE FROM {table.Name} WHERE rowid % 4 = {sample.Below(4)}",
            8 => $"INSERT INTO {table.Name}({table.Name}) VALUES ('{Either("optimize", "rebuild", "integrity-check")}')",
            _ => $"DELETE FROM {table.Name} WHERE {table.Name} MATCH 'beta'",
        };
    }

    private Statement Rtree(Table table, bool parameters)
    {
        List<SqlValue> list = [];
        string Number() => Value(SqlValue.From(Small() / 4.0), parameters, list);
        return sample.Below(8) switch
        {
            < 3 => Make($"INSERT {Conflict()}INTO {table.Name} VALUES ({Either("NULL", $"{sample.Below(40)}")}, {Number()}, {Number()})", list),
            3 => $"INSERT INTO {table.Name}(x0, x1) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {sample.Below(300)}) SELECT i % 37, i % 37 + i FROM n",
            < 6 => Make($"UPDATE {table.Name} SET x0 = x0 + {Number()}, x1 = x1 + {Number()} WHERE id % 5 = {sample.Below(5)}", list),
            6 => $"DELETE FROM {table.Name} WHERE x0 > {Small()} AND x1 < {Small()}",
            _ => $"DELETE FROM {table.Name} WHERE id % 4 = {sample.Below(4)}",
        };
    }

    private string Where(Table table) => sample.Below(6) switch
    {
        0 => $"{Pick(table.Columns).Name} = {Small()}",
        1 => $"{Pick(table.Columns).Name} > {Small()}",
        2 => $"{Pick(table.Columns).Name} IS NULL",
        3 => $"{Pick(table.Columns).Name} LIKE '%{Either("a", "b", "0", "x")}%'",
        4 => $"length({Pick(table.Columns).Name}) % {2 + sample.Below(5)} = 1",
        _ => $"{table.Columns[0].Name} BETWEEN {Small()} AND {Small() + 10}",
    };

    private string Returning(Table table) => sample.Below(4) == 0 ? $" RETURNING *, {Pick(table.Columns).Name} IS NULL AS empty" : "";

    private string Conflict() => sample.Below(14) switch { 0 => "OR REPLACE ", 1 or 2 => "OR IGNORE ", 3 => "OR FAIL ", 4 => "OR ABORT ", 5 when sample.Below(3) == 0 => "OR ROLLBACK ", _ => "" };

    private string Value(TableColumn column, bool parameters, List<SqlValue> list) => Value(values.For(column), parameters, list);

    private string Value(SqlValue value, bool parameters, List<SqlValue> list)
    {
        if (!parameters || sample.Below(2) == 0)
        {
            return Values.Literal(value);
        }

        list.Add(value);
        return "?";
    }

    private List<TableColumn> Some(IReadOnlyList<TableColumn> all)
    {
        List<TableColumn> some = [.. all.Where(_ => sample.Below(4) > 0)];
        return some.Count == 0 ? [all[^1]] : some;
    }

    private static Statement Make(string sql, List<SqlValue> list) => new Statement(sql) with { Positional = list };

    private static string Names(IEnumerable<TableColumn> columns) => string.Join(", ", columns.Select(column => column.Name));

    private T Pick<T>(IReadOnlyList<T> all) => all[sample.Below(all.Count)];

    private string Either(params string[] all) => Pick(all);
}
