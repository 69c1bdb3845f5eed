using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace OrleansSqlite.Stores;

/// <summary>What the SDK's exceptions mean for a store. What a swap's answers mean is the swap's own business.</summary>
internal static class S3Errors
{
    private const string Credentials =
        "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), the profile or the role";

    /// <summary>Whether the answer says that the object, and only the object, is not there. A missing bucket and a wrong address are 404 too.</summary>
    public static bool IsMissingKey(AmazonServiceException error) =>
        error.StatusCode == HttpStatusCode.NotFound && error.ErrorCode == "NoSuchKey";

    /// <summary>An answer that means nothing in its place: what became of the request is not known.</summary>
    public static StoreException Unexpected(HttpStatusCode status, string store, string key) => new(
        StoreFailure.Unavailable, store, key, $"The store gave an answer that does not belong to the request (HTTP {(int)status}). Try again later.");

    /// <summary>The store's error for any failure of a request, or null if it is none (then it is a bug, and passes as it is).</summary>
    public static StoreException? Map(Exception error, string store, string? key) => error switch
    {
        StoreException known => known,
        DeleteObjectsException { Response.DeleteErrors: [var first, ..] } some => MapAnswer(OfObject(first, some), store, first.Key),
        AmazonServiceException { StatusCode: not 0 } answer => MapAnswer(answer, store, key),
        _ when Find<SocketException>(error) is { SocketErrorCode: SocketError.HostNotFound } => new StoreException(
            StoreFailure.Misconfigured, store, key, "The store's host name does not exist. Check the endpoint, the region and the bucket's name.", error),
        OperationCanceledException => Unavailable(store, key, "The store did not answer in time", error),
        AmazonClientException or HttpRequestException or IOException or SocketException => MapClient(error, store, key),
        _ => null,
    };

    /// <summary>What a DELETE of that object alone would have been answered: in a request for many, each has its own code and none has a status.</summary>
    private static AmazonS3Exception OfObject(DeleteError error, DeleteObjectsException of) => new(
        error.Message ?? "",
        of,
        ErrorType.Unknown,
        error.Code,
        of.RequestId,
        error.Code switch
        {
            "AccessDenied" => HttpStatusCode.Forbidden,
            "SlowDown" or "ServiceUnavailable" => HttpStatusCode.ServiceUnavailable,
            _ => HttpStatusCode.InternalServerError,
        });

    private static StoreException MapAnswer(AmazonServiceException answer, string store, string? key)
    {
        int status = (int)answer.StatusCode;
        string code = string.IsNullOrEmpty(answer.ErrorCode) ? "" : $" {answer.ErrorCode}";
        string request = string.IsNullOrEmpty(answer.RequestId) ? "" : $", request {answer.RequestId}";
        string said = $"(HTTP {status}{code}{request})";
        return (status, answer.ErrorCode) switch
        {
            (_, "NoSuchBucket") => Misconfigured($"There is no such bucket {said}. Create it, or correct the URL, the region or the endpoint."),
            (_, "NoSuchKey") when key is not null => StoreErrors.Missing(store, key, answer),
            (_, "QuotaExceeded" or "XMinioStorageFull" or "XMinioAdminBucketQuotaExceeded") or (507, _) => new StoreException(
                StoreFailure.Full, store, key, $"The store is full or over its quota {said}. Make room; nothing that was stored is affected.", answer),
            (_, "RequestTimeTooSkewed") => Denied($"This machine's clock differs too much from the store's {said}. Set the clock."),
            (_, "ExpiredToken" or "InvalidToken" or "TokenRefreshRequired") => Denied($"The session's credentials have run out or are wrong {said}. {Credentials}."),
            (401, _) or (403, "InvalidAccessKeyId" or "SignatureDoesNotMatch") => Denied($"The store refused the credentials {said}. {Credentials}."),
            (403, _) => Denied(
                $"The store refused access {said}. Needed are s3:GetObject, s3:PutObject, s3:DeleteObject on the objects and s3:ListBucket on the bucket "
                + "(without which a missing object looks like a forbidden one)."),
            (301 or 307 or 308, _) or (_, "AuthorizationHeaderMalformed" or "PermanentRedirect" or "IllegalLocationConstraintException") =>
                Misconfigured($"The bucket lies in another region {said}. Set AWS_REGION, or region in the URL."),
            (_, "InvalidBucketName" or "KMS.NotFoundException" or "KMS.DisabledException" or "KMS.KMSInvalidStateException") =>
                Misconfigured($"The bucket's name or the KMS key is not usable {said}: {answer.Message}"),
            (404 or 405, _) => Misconfigured($"What answered does not seem to be an S3 store {said}. Check the endpoint."),
            (501, _) => new StoreException(
                StoreFailure.Unsafe, store, key, $"The store does not know this kind of request {said}. Conditional writes are indispensable.", answer),
            (503 or 429, _) or (_, "SlowDown") => Unavailable(store, key, $"The store asks to slow down {said}", answer),
            _ => Unavailable(store, key, $"The store failed {said}: {answer.Message.TrimEnd('.')}", answer),
        };

        StoreException Misconfigured(string message) => new(StoreFailure.Misconfigured, store, key, message, answer);
        StoreException Denied(string message) => new(StoreFailure.Denied, store, key, message, answer);
    }

    private static StoreException MapClient(Exception error, string store, string? key)
    {
        if (Find<SocketException>(error) is not null || Find<HttpRequestException>(error) is not null || Find<IOException>(error) is not null)
        {
            return Unavailable(store, key, "The store cannot be reached, or the connection broke", error);
        }

        if (error.Message.Contains("credential", StringComparison.OrdinalIgnoreCase)
            || error.Message.Contains("security token", StringComparison.OrdinalIgnoreCase))
        {
            return new StoreException(StoreFailure.Denied, store, key, $"No credentials were found. {Credentials}.", error);
        }

        return error.Message.Contains("RegionEndpoint", StringComparison.Ordinal)
            ? new StoreException(StoreFailure.Misconfigured, store, key, "No region is set. Set AWS_REGION, or region in the URL.", error)
            : Unavailable(store, key, $"The request failed: {error.Message.TrimEnd('.')}", error);
    }

    private static StoreException Unavailable(string store, string? key, string message, Exception error) =>
        new(StoreFailure.Unavailable, store, key, $"{message}. Try again later.", error);

    private static T? Find<T>(Exception? error)
        where T : Exception
    {
        while (error is not null and not T)
        {
            error = error.InnerException;
        }

        return (T?)error;
    }
}
