using System.Globalization;
using System.Text;

namespace OrleansSqlite.Server.Hrana;

/// <summary>
/// Every answer to an INSERT names the row's id, so a transaction that runs again must give the same one. Left to SQLite, two that insert
/// at once would both be told the next id, and one would have to fail. So within a transaction the ids are chosen here, none twice, and
/// written into the statement: whoever commits later finds its own still free.
/// </summary>
/// <remarks>
/// Which id a row gets was never promised, only that it is new. If one is taken after all, by a statement outside of a transaction or by
/// another process, the statement fails when it runs again, which is not what the client was told: a conflict.
/// </remarks>
internal sealed class GivenRowIds(string database, RowIdReservations reservations)
{
    private bool isOpen;

    /// <summary>A statement is about to run that may begin a transaction.</summary>
    public void Enter()
    {
        if (!isOpen)
        {
            reservations.Enter(database);
            isOpen = true;
        }
    }

    /// <summary>The statement with the ids of its rows, if it is one that SQLite would have chosen ids for.</summary>
    /// <param name="sql">A statement within a transaction.</param>
    /// <param name="read">Reads a table's shape.</param>
    public string Give(string sql, Func<string, TableShape?> read)
    {
        if (PlainInsert.Find(sql) is not { } insert || read(insert.Table) is not { } shape || Place(insert, shape) is not { } place)
        {
            return sql;
        }

        return reservations.Take(database, insert.Table, shape.Greatest, Math.Max(insert.Rows.Count, 1)) is { } first
            ? Write(sql, insert, shape, place, first)
            : sql;
    }

    /// <summary>No transaction is open.</summary>
    public void Leave()
    {
        if (isOpen)
        {
            isOpen = false;
            reservations.Leave(database);
        }
    }

    /// <summary>Which value of each row is the id; -1 if none is. Null if the statement has ids, or is wrong.</summary>
    private static int? Place(PlainInsert insert, TableShape shape)
    {
        var columns = insert.Columns ?? shape.Columns;
        int place = columns.ToList().FindIndex(shape.IsId);
        bool isRight = insert.Rows.All(row => row.IsNull.Count == columns.Count && (place < 0 || row.IsNull[place]));
        return isRight ? insert.Rows.Count == 0 ? -1 : place : null;
    }

    private static string Write(string sql, PlainInsert insert, TableShape shape, int place, long first)
    {
        string name = $"\"{shape.IdName}\"";
        var written = new StringBuilder(sql.Length + 64);
        if (insert.Rows.Count == 0)
        {
            return written.Append(sql, 0, insert.Defaults.Start.Value)
                .Append(CultureInfo.InvariantCulture, $"({name}) VALUES ({first})")
                .Append(sql, insert.Defaults.End.Value, sql.Length - insert.Defaults.End.Value).ToString();
        }

        int copied = 0;
        if (place < 0)
        {
            Copy(insert.ColumnsEnd);
            written.Append(insert.Columns is null
                ? $" ({string.Concat(shape.Columns.Select(column => $"\"{column.Replace("\"", "\"\"", StringComparison.Ordinal)}\", "))}{name})"
                : $", {name}");
        }

        foreach (var row in insert.Rows)
        {
            Copy(place < 0 ? row.End : row.First[place].Start);
            written.Append(CultureInfo.InvariantCulture, $"{(place < 0 ? ", " : "")}{first++}");
            copied = place < 0 ? copied : row.First[place].End;
        }

        Copy(sql.Length);
        return written.ToString();

        void Copy(int to)
        {
            written.Append(sql, copied, to - copied);
            copied = to;
        }
    }
}
