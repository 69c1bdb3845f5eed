using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>A body on disk: SQLite reads files, not streams. Disposing of it deletes it.</summary>
internal sealed class Upload : IDisposable
{
    private const int ChunkBytes = 256 << 10;
    private readonly DirectoryInfo folder;

    private Upload(DirectoryInfo folder) => this.folder = folder;

    /// <summary>The file. Only this process's user can read it.</summary>
    public string Path => System.IO.Path.Combine(folder.FullName, "upload.db");

    /// <summary>Writes a body to disk. Whatever goes wrong, nothing stays there.</summary>
    /// <param name="request">The request whose body it is.</param>
    /// <param name="database">The database that it is for, for errors.</param>
    /// <param name="most">The most bytes that it may have.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RequestException">It is longer.</exception>
    /// <exception cref="DatabaseException">The disk does not take it.</exception>
    public static async Task<Upload> ReceiveAsync(HttpRequest request, string database, long most, CancellationToken cancellation)
    {
        if (request.ContentLength > most)
        {
            throw TooLarge(most);
        }

        var upload = OnDisk(database, () => new Upload(Directory.CreateTempSubdirectory("orleans-sqlite-upload-")));
        try
        {
            await upload.FillAsync(request.Body, database, most, cancellation);
            return upload;
        }
        catch
        {
            upload.Dispose();
            throw;
        }
    }

    public void Dispose() => folder.Delete(recursive: true);

    private async Task FillAsync(Stream body, string database, long most, CancellationToken cancellation)
    {
        await using var file = OnDisk(database, () => new FileStream(Path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0));
        var chunk = new byte[ChunkBytes];
        long length = 0;
        while (await body.ReadAsync(chunk, cancellation) is > 0 and var read)
        {
            length += read;
            if (length > most)
            {
                throw TooLarge(most);
            }

            // To the system's memory as a rule; a disk that is slow holds up a thread for each import, of which there are few.
            OnDisk(database, () =>
            {
                file.Write(chunk, 0, read);
                return true;
            });
        }
    }

    private static RequestException TooLarge(long most) => new(
        StatusCodes.Status413PayloadTooLarge, ErrorCodes.LimitExceeded,
        $"The file is larger than the {most} bytes that this server imports. Import it with the command line, which has no such limit.");

    /// <summary>A disk that fails is told from a caller who goes away: both are the same kind of exception.</summary>
    private static T OnDisk<T>(string database, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseException(
                ErrorKind.Unavailable, ErrorCodes.BadFile,
                $"The file for the database '{database}' can't be kept on this server while it is imported: {error.Message.TrimEnd('.')}. "
                + "Nothing was imported. Make room in the server's folder for temporary files, then send it again.", error)
            { Database = database };
        }
    }
}
