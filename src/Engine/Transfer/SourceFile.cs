using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansSqlite.Transfer;

/// <summary>A SQLite file that is to be imported.</summary>
internal static class SourceFile
{
    private const int StepPages = 2000;
    private const int NoCheckpointOnClose = 1006;

    /// <summary>Copies the file, its WAL folded in, and checks the copy. The file itself is only read.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadFile"/>.</exception>
    public static bool Copy(string file, string copy, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        CheckHeader(file);
        using var source = Open(file, SqliteOpenMode.ReadOnly);
        _ = raw.sqlite3_db_config(source.Handle, NoCheckpointOnClose, 1, out _);
        using var target = Open(copy, SqliteOpenMode.ReadWriteCreate);
        Execute(target, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;");
        int pageBytes = Convert.ToInt32(Scalar(source, "PRAGMA page_size"), System.Globalization.CultureInfo.InvariantCulture);
        using (var backup = raw.sqlite3_backup_init(target.Handle, "main", source.Handle, "main"))
        {
            int code;
            do
            {
                cancellation.ThrowIfCancellationRequested();
                code = raw.sqlite3_backup_step(backup, StepPages);
                long total = (long)raw.sqlite3_backup_pagecount(backup) * pageBytes;
                progress?.Report(new(total - ((long)raw.sqlite3_backup_remaining(backup) * pageBytes), total, "read"));
            }
            while (code == raw.SQLITE_OK);
            if (code != raw.SQLITE_DONE)
            {
                throw Bad(file, code is raw.SQLITE_BUSY or raw.SQLITE_LOCKED
                    ? "another program writes to it; try again when it is done"
                    : raw.sqlite3_errstr(code).utf8_to_string());
            }
        }

        progress?.Report(new(0, new FileInfo(copy).Length, "check"));
        string check = (string)Scalar(target, "PRAGMA quick_check(1)")!;
        return check == "ok" ? true : throw Bad(file, $"SQLite finds it damaged: {check}");
    }

    /// <summary>The page size from a file's header, in bytes.</summary>
    public static int PageBytes(ReadOnlySpan<byte> header)
    {
        int stored = BinaryPrimitives.ReadUInt16BigEndian(header[16..]);
        return stored == 1 ? 65536 : stored;
    }

    /// <summary>The error for a file that can't be imported.</summary>
    public static DatabaseException Bad(string file, string why, Exception? inner = null) => new(
        ErrorKind.Invalid, ErrorCodes.BadFile, $"The file '{file}' can't be imported: {why}. Nothing was changed.", inner);

    private static void CheckHeader(string file)
    {
        if (!File.Exists(file))
        {
            throw Bad(file, "there is no such file");
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = stackalloc byte[100];
        int length = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (length != 0 && (length < header.Length || !header.StartsWith("SQLite format 3\0"u8)))
        {
            throw Bad(file, "it is no SQLite database");
        }
    }

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = Path.GetFullPath(file), Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
