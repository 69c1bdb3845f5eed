using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansSqlite.Server;

/// <summary>What the endpoints and the program around them log. Never SQL, parameters or rows: they are the caller's.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(1, LogLevel.Debug, "{Method} {Path} refused with {Status} {Code}")]
    public static partial void Refused(ILogger logger, string method, PathString path, int status, string code);

    [LoggerMessage(2, LogLevel.Warning, "{Method} {Path} answered with {Status} {Code}, the caller may try again: {Detail}")]
    public static partial void Transient(ILogger logger, string method, PathString path, int status, string code, string detail);

    [LoggerMessage(3, LogLevel.Error, "{Method} {Path} failed with {Status} {Code}")]
    public static partial void Failed(ILogger logger, string method, PathString path, int status, string code, Exception error);

    [LoggerMessage(4, LogLevel.Debug, "{Method} {Path}: the caller went away")]
    public static partial void CallerGone(ILogger logger, string method, PathString path);

    [LoggerMessage(5, LogLevel.Warning, "The store {Store} cannot be reached: {Detail}")]
    public static partial void NotReady(ILogger logger, string store, string detail);

    [LoggerMessage(6, LogLevel.Warning, "The keys under {Url} can't be read, the last ones hold: {Detail}")]
    public static partial void KeysUnavailable(ILogger logger, Uri url, string detail);

    [LoggerMessage(7, LogLevel.Information, "Serving {Store} at {Addresses}")]
    public static partial void Serving(ILogger logger, string store, string addresses);

    [LoggerMessage(8, LogLevel.Warning, "{Warning}")]
    public static partial void OpenToAll(ILogger logger, string warning);

    [LoggerMessage(9, LogLevel.Information, "Stopped.")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(10, LogLevel.Warning, "Traces or metrics could not be sent; databases are served as before. {Detail}")]
    public static partial void NotExported(ILogger logger, string detail);
}
