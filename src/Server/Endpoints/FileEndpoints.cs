using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>
/// Databases as ordinary SQLite files, out and in. Their bytes don't go over a cluster: this process reads and writes the store by itself, beside all others.
/// </summary>
internal sealed class FileEndpoints(IDatabaseCatalog catalog, RequestClock clock, IOptions<OrleansSqliteServerOptions> options, IServiceProvider services) : IDisposable
{
    private const string MediaType = "application/vnd.sqlite3";
    private readonly SemaphoreSlim imports = new(options.Value.ImportsAtOnce);

    /// <summary>The one that is served, or that the app has beside it.</summary>
    private DatabaseEngine Engine => catalog as DatabaseEngine ?? services.GetService<DatabaseEngine>() ?? throw new RequestException(
        StatusCodes.Status501NotImplemented, ErrorCodes.NotAllowed,
        "This server has no store of its own to read files from or to write them to. Ask one that has: a silo, or orleans-sqlite serve.");

    /// <summary>Streams a version as a file. It is read from the store while it goes out, so it takes little memory and no disk.</summary>
    public async Task ExportAsync(HttpContext context)
    {
        using var time = clock.StartLong(context, "Export it with the command line, which gives it all the time that it needs.");
        var level = QueryString.Past(context.Request);
        using var file = await time.RunAsync(cancellation => Engine.OpenFileAsync(DatabaseEndpoints.Name(context), level, cancellation));
        if (Answer.IsUnchanged(context, file.Database.Version))
        {
            return;
        }

        var headers = context.Response.Headers;
        headers.ContentType = MediaType;
        headers.ContentLength = file.Bytes;
        headers[HeaderNames.XContentTypeOptions] = "nosniff";
        headers.ContentDisposition = $"attachment; filename=\"{file.Database.Name}.sqlite\"";
        await time.RunAsync(cancellation => file.CopyToAsync(context.Response.Body, cancellation: cancellation));
    }

    /// <summary>Makes a database of the file that is the body.</summary>
    public async Task ImportAsync(HttpContext context)
    {
        using var time = clock.StartLong(context, "No database was made or changed. Import the file with the command line, which gives it all the time that it needs.");
        RequestReading.NoExpectedVersion(context.Request);
        var replace = QueryString.Flag(context.Request, "replace");
        var (engine, name) = (Engine, DatabaseEndpoints.Name(context));
        if (!await imports.WaitAsync(0))
        {
            throw new DatabaseException(
                ErrorKind.Overloaded, ErrorCodes.QueueFull, $"{options.Value.ImportsAtOnce} imports run here already, and no more may at once. Try again after a pause.")
            { Database = name };
        }

        try
        {
            var there = await time.RunAsync(cancellation => FindAsync(engine, name, cancellation));
            if (there && !replace)
            {
                // Said before gigabytes are sent, not after.
                throw new DatabaseException(
                    ErrorKind.Invalid, ErrorCodes.DatabaseExists, $"There is a database '{name}' already. Choose another name, or add ?replace=true: what is replaced can be restored.")
                { Database = name };
            }

            using var upload = await time.RunAsync(cancellation => Upload.ReceiveAsync(context.Request, name, options.Value.ImportBytes, cancellation));
            var made = await time.RunAsync(cancellation => engine.ImportAsync(name, upload.Path, replace, null, cancellation));
            context.Response.StatusCode = there ? StatusCodes.Status200OK : StatusCodes.Status201Created;
            if (!there)
            {
                context.Response.Headers.Location = Answer.Address(context, above: 1);
            }

            await DatabaseEndpoints.AnswerAsync(context, made);
        }
        finally
        {
            imports.Release();
        }
    }

    public void Dispose() => imports.Dispose();

    private static async Task<bool> FindAsync(DatabaseEngine engine, string name, CancellationToken cancellation)
    {
        try
        {
            await engine.Open(name).DescribeAsync(default, cancellation);
            return true;
        }
        catch (DatabaseException error) when (error.Code is ErrorCodes.DatabaseNotFound or ErrorCodes.DatabaseGone)
        {
            return false;
        }
    }
}
