using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server;

/// <summary>Bounds how long a request may take.</summary>
internal sealed class RequestClock(IOptions<OrleansSqliteServerOptions> options, TimeProvider time)
{
    /// <summary>Starts the time of a request. It ends early when the caller goes away.</summary>
    public RequestTime Start(HttpContext context) => new(
        context, options.Value.RequestTime, "It was cancelled without effect. Split it, or make its statements faster.", time);

    /// <summary>Starts the time of a request that reads or writes much of a database.</summary>
    /// <param name="context">The request.</param>
    /// <param name="advice">What has become of it when its time is over, and what to do.</param>
    public RequestTime StartLong(HttpContext context, string advice) => new(context, options.Value.LongRequestTime, advice, time);
}

/// <summary>The time of one request.</summary>
internal sealed class RequestTime : IDisposable
{
    private readonly CancellationTokenSource limit;
    private readonly CancellationTokenSource both;
    private readonly CancellationToken caller;
    private readonly TimeSpan length;
    private readonly string advice;

    public RequestTime(HttpContext context, TimeSpan length, string advice, TimeProvider time)
    {
        (this.length, this.advice) = (length, advice);
        caller = context.RequestAborted;
        limit = new(length, time);
        both = CancellationTokenSource.CreateLinkedTokenSource(caller, limit.Token);
    }

    /// <summary>Cancelled when the time is over or the caller has gone.</summary>
    public CancellationToken Token => both.Token;

    /// <summary>Runs a part of the request, and tells the time's end apart from the caller's.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.LimitExceeded"/> if the time is over.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> part)
    {
        try
        {
            return await part(Token);
        }
        catch (OperationCanceledException error) when (limit.IsCancellationRequested && !caller.IsCancellationRequested)
        {
            throw new DatabaseException(
                ErrorKind.Invalid, ErrorCodes.LimitExceeded,
                $"The request took longer than the {length.TotalSeconds:0.###} s that this server allows. {advice}", error);
        }
    }

    /// <summary>Runs a part of the request that gives nothing.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.LimitExceeded"/> if the time is over.</exception>
    public Task RunAsync(Func<CancellationToken, Task> part) => RunAsync(async cancellation =>
    {
        await part(cancellation);
        return true;
    });

    public void Dispose()
    {
        both.Dispose();
        limit.Dispose();
    }
}
