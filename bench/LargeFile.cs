using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Bench;

/// <summary>An SQLite file of articles: texts of common words, about half a kilobyte each, with an index.</summary>
internal static class LargeFile
{
    public const string PointSql = "SELECT title FROM article WHERE id = ?";
    public const string ScanSql = "SELECT count(*), sum(length(body)) FROM article";
    private const int Texts = 100_000;

    private static readonly string[] Words =
    [
        "the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on", "not", "he", "his", "but", "at", "are", "this", "have", "from", "or", "had",
        "order", "customer", "invoice", "delivery", "warehouse", "article", "payment", "reminder", "address", "contract", "supplier", "quantity", "discount", "returned", "shipment", "monday",
        "yesterday", "because", "therefore", "however", "between", "together", "without", "another", "question", "answer", "number", "message", "history", "version", "process", "machine",
    ];

    /// <summary>Makes the file. The same size gives the same rows.</summary>
    public static void Make(string file, double gigabytes)
    {
        File.Delete(file);
        using var connection = Open(file);
        Execute(connection, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;");
        Execute(connection, "CREATE TABLE article(id INTEGER PRIMARY KEY, author INTEGER, title TEXT, body TEXT); CREATE INDEX article_author ON article(author);");
        MakeTexts(connection);

        // SQLite multiplies the rows by itself, each with an end of its own: making gigabytes of text here takes longer than all that is measured.
        // Authors come in order, as they do where rows are appended: an index over random ones takes hours at this size.
        for (long done = 0; new FileInfo(file).Length < gigabytes * 1e9; done += Texts)
        {
            Execute(connection, $"INSERT INTO article SELECT {done} + n, ({done} + n) / 40, title, body || ({done} * 31 + n) FROM text ORDER BY n");
        }
    }

    /// <summary>How long plain SQLite takes for the scan, in seconds. The file is in the system's cache as far as it fits.</summary>
    public static double Scan(string file)
    {
        using var connection = Open(file);
        using var command = connection.CreateCommand();
        command.CommandText = ScanSql;
        long began = Stopwatch.GetTimestamp();
        _ = command.ExecuteScalar();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static void MakeTexts(SqliteConnection connection)
    {
        Execute(connection, "CREATE TEMP TABLE text(n INTEGER PRIMARY KEY, title TEXT, body TEXT)");
        using var transaction = connection.BeginTransaction();
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO text VALUES ($n, $title, $body)";
        var number = insert.Parameters.AddWithValue("$n", 0L);
        var title = insert.Parameters.AddWithValue("$title", "");
        var body = insert.Parameters.AddWithValue("$body", "");
        ulong state = 1;
        for (long n = 1; n <= Texts; n++)
        {
            number.Value = n;
            title.Value = Text(ref state, 5);
            body.Value = Text(ref state, 60 + (int)(state % 60));
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private static string Text(ref ulong state, int words)
    {
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < words; i++)
        {
            state = unchecked((state * 6364136223846793005) + 1442695040888963407);
            text.Append(Words[(int)((state >> 33) % (ulong)Words.Length)]).Append(' ');
        }

        return text.Append(state >> 40).ToString();
    }

    private static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
