using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>The one map from errors to HTTP statuses.</summary>
internal static class ErrorStatus
{
    /// <summary>The status: by the code where HTTP has a word for it, else by the kind.</summary>
    public static int Of(DatabaseException error) => error.Code switch
    {
        ErrorCodes.DatabaseNotFound or ErrorCodes.DatabaseGone => StatusCodes.Status404NotFound,
        ErrorCodes.VersionGone => StatusCodes.Status410Gone,
        ErrorCodes.SnapshotName => StatusCodes.Status409Conflict,
        ErrorCodes.DatabaseExists or ErrorCodes.OperationReused => StatusCodes.Status409Conflict,
        ErrorCodes.VersionMismatch or ErrorCodes.VersionNotReached => StatusCodes.Status412PreconditionFailed,
        // The store's settings are the operator's, so no caller of the endpoints can fix them.
        ErrorCodes.BadStore or ErrorCodes.StoreUnsafe => StatusCodes.Status500InternalServerError,
        _ => Of(error.Kind),
    };

    private static int Of(ErrorKind kind) => kind switch
    {
        ErrorKind.Invalid => StatusCodes.Status400BadRequest,
        ErrorKind.Conflict => StatusCodes.Status409Conflict,
        ErrorKind.Overloaded => StatusCodes.Status429TooManyRequests,
        ErrorKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };
}
