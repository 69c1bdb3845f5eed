using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OrleansSqlite.Transfer;

/// <summary>
/// A SQLite file that is to be imported. It is only read, and nothing is made beside it: SQLite would leave a <c>-shm</c> file next
/// to one in WAL mode, and could not read one whose journal must be rolled back. So a file that nobody has open is copied as it is, with its
/// WAL or journal, and SQLite works on the copy. One in WAL mode that others have open is read by SQLite's own backup.
/// </summary>
internal static class SourceFile
{
    private const int HeaderBytes = 100;
    private const int ChunkBytes = 1 << 20;
    private const int StepPages = 2000;
    private const int NoCheckpointOnClose = 1006;

    /// <summary>Copies the file. False if another program is changing it at this moment.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadFile"/>.</exception>
    public static bool TryCopy(string file, string copy, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        if (Directory.Exists(file))
        {
            throw Bad(file, "it is a directory");
        }

        if (!File.Exists(file))
        {
            throw Bad(file, "there is no such file");
        }

        using var source = Open(file, SqliteOpenMode.ReadOnly);
        var raw = new RawFile(source.Handle!);
        if (!raw.TryLock())
        {
            return false;
        }

        try
        {
            if (!IsShared(file, raw))
            {
                return TryCopyAtRest(file, raw, copy, progress, cancellation);
            }
        }
        finally
        {
            raw.Unlock();
        }

        return TryBackUp(file, source, copy, progress, cancellation);
    }

    /// <summary>Makes a copy one whole file: a WAL folded in, a journal rolled back, nothing behind its last page. Then checks it.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadFile"/>.</exception>
    public static void Settle(string file, string copy, IProgress<TransferProgress>? progress)
    {
        long bytes;
        using (var settled = Open(copy, SqliteOpenMode.ReadWrite))
        {
            progress?.Report(new(0, new FileInfo(copy).Length, "check"));
            string mode = (string)Scalar(settled, "PRAGMA journal_mode=DELETE")!;
            if (mode != "delete")
            {
                throw Bad(file, $"SQLite does not leave the journal mode {mode}");
            }

            string check = (string)Scalar(settled, "PRAGMA quick_check(1)")!;
            if (check != "ok")
            {
                throw Bad(file, $"SQLite finds it damaged: {check}");
            }

            bytes = Number(settled, "PRAGMA page_count") * Number(settled, "PRAGMA page_size");
        }

        using var stream = new FileStream(copy, FileMode.Open, FileAccess.Write);
        if (stream.Length < bytes)
        {
            // SQLite reads zeros for what is missing of the last page, and finds nothing wrong with it.
            throw Bad(file, $"it was cut: it has {stream.Length} bytes, and its pages are {bytes}");
        }

        // SQLite ignores what stands behind the pages that the header counts.
        stream.SetLength(bytes);
    }

    /// <summary>The error for a file that can't be imported.</summary>
    public static DatabaseException Bad(string file, string why, Exception? inner = null) => new(
        ErrorKind.Invalid, ErrorCodes.BadFile, $"The file '{file}' can't be imported: {why}. Nothing was changed.", inner);

    /// <summary>Whether the file is in WAL mode and somebody has it open, or died with it open.</summary>
    private static bool IsShared(string file, RawFile raw) => IsWal(file, raw) && File.Exists(SharedMemory(file));

    private static bool TryCopyAtRest(string file, RawFile raw, string copy, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        bool wal = IsWal(file, raw);
        var before = Stamp(file);
        CopyMain(raw, copy, progress, cancellation);
        if (wal)
        {
            CopyBeside(file, copy, "-wal");

            // The lock does not keep out a process that opens the WAL just now.
            return !File.Exists(SharedMemory(file)) && before == Stamp(file);
        }

        if (!raw.IsReserved)
        {
            CopyBeside(file, copy, "-journal");
        }

        return true;
    }

    private static void CopyMain(RawFile raw, string copy, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        using var target = new FileStream(copy, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        long total = raw.Length;
        byte[] chunk = new byte[ChunkBytes];
        for (long done = 0; done < total;)
        {
            cancellation.ThrowIfCancellationRequested();
            var part = chunk.AsSpan(0, (int)Math.Min(ChunkBytes, total - done));
            raw.Read(part, done);
            target.Write(part);
            done += part.Length;
            progress?.Report(new(done, total, "read"));
        }
    }

    /// <summary>SQLite locks neither a WAL nor a journal, so these may be opened.</summary>
    private static void CopyBeside(string file, string copy, string suffix)
    {
        File.Delete(copy + suffix);
        if (File.Exists(file + suffix))
        {
            using var from = new FileStream(file + suffix, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var to = new FileStream(copy + suffix, FileMode.CreateNew, FileAccess.Write);
            from.CopyTo(to);
        }
    }

    private static bool IsWal(string file, RawFile raw)
    {
        if (raw.Length == 0)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        raw.Read(header[..(int)Math.Min(raw.Length, HeaderBytes)], 0);
        return raw.Length >= HeaderBytes && header.StartsWith("SQLite format 3\0"u8)
            ? header[18] == 2 || header[19] == 2
            : throw Bad(file, "it is no SQLite database");
    }

    private static (long, DateTime, bool, long, DateTime) Stamp(string file)
    {
        var main = new FileInfo(file);
        var log = new FileInfo(file + "-wal");
        return (main.Length, main.LastWriteTimeUtc, log.Exists, log.Exists ? log.Length : 0, log.LastWriteTimeUtc);
    }

    private static string SharedMemory(string file) => file + "-shm";

    private static bool TryBackUp(string file, SqliteConnection source, string copy, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        _ = raw.sqlite3_db_config(source.Handle, NoCheckpointOnClose, 1, out _);
        File.Delete(copy);
        using var target = Open(copy, SqliteOpenMode.ReadWriteCreate);
        Execute(target, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;");
        long pageBytes = Number(source, "PRAGMA page_size");
        using var backup = raw.sqlite3_backup_init(target.Handle, "main", source.Handle, "main");
        int code;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            code = raw.sqlite3_backup_step(backup, StepPages);
            long total = raw.sqlite3_backup_pagecount(backup) * pageBytes;
            progress?.Report(new(total - (raw.sqlite3_backup_remaining(backup) * pageBytes), total, "read"));
        }
        while (code == raw.SQLITE_OK);
        return code switch
        {
            raw.SQLITE_DONE => true,
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => false,
            _ => throw Bad(file, raw.sqlite3_errstr(code).utf8_to_string()),
        };
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

    private static long Number(SqliteConnection connection, string sql) => Convert.ToInt64(Scalar(connection, sql), CultureInfo.InvariantCulture);
}
