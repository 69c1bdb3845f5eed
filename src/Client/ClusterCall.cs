using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace OrleansSqlite.Client;

/// <summary>
/// One call that has the same effect however often it is made: over the cluster, or straight to the store when the cluster does not
/// answer. What makes it so is an operation id, or that it only reads. Another call is made once, and its doubt told.
/// </summary>
internal sealed class ClusterCall(Route route, IOptions<OrleansSqliteClientOptions> options, TimeProvider time, Entropy entropy)
{
    private const string OverOperationId = "Send a write again with the same operation id to find out; a read can simply be repeated.";
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    /// <summary>How long a grain may wait for something to happen before it answers that it has not: one that is silent for longer counts as lost.</summary>
    public TimeSpan LongestWait => options.Value.Patience / 2 < MaxWait ? options.Value.Patience / 2 : MaxWait;

    /// <summary>Makes the call.</summary>
    /// <param name="database">The database's name.</param>
    /// <param name="overCluster">The call to the grain.</param>
    /// <param name="direct">The same straight to the store.</param>
    /// <param name="repeatable">Whether it may be made again after an attempt of which nobody knows what became.</param>
    /// <param name="writes">Whether it may have an effect: then its end is not known when the caller stops waiting after such an attempt.</param>
    /// <param name="cancellation">The caller's.</param>
    /// <param name="findOut">What tells the caller whether it took effect, if nobody knows; operation ids, if not given.</param>
    /// <returns>The result, and whether it is that of the first attempt.</returns>
    public async Task<(T Result, bool First)> RunAsync<T>(
        string database,
        Func<Task<Reply<T>>> overCluster,
        Func<DatabaseEngine, Task<T>> direct,
        bool repeatable,
        bool writes,
        CancellationToken cancellation,
        string findOut = OverOperationId)
    {
        long began = time.GetTimestamp();
        var pause = FirstPause;
        bool inDoubt = false;
        for (bool first = true; ; first = false)
        {
            Exception error;
            bool another = false;
            try
            {
                if (await route.DirectAsync(database, cancellation).ConfigureAwait(false) is { } engine)
                {
                    return (await direct(engine).ConfigureAwait(false), first);
                }

                return ((await OverClusterAsync(overCluster).ConfigureAwait(false)).Get(), first);
            }
            catch (DatabaseException e) when (!e.OutcomeKnown && repeatable)
            {
                // The store did not tell the one who asked it. It may tell the next one.
                error = e;
                inDoubt = writes;
            }
            catch (DatabaseException e) when (inDoubt && repeatable && e.Kind is (ErrorKind.Unavailable or ErrorKind.Overloaded))
            {
                // This attempt has not taken effect. That says nothing of the one before it.
                error = e;
            }
            catch (CallFailedException e)
            {
                if (e.InnerException is not OperationCanceledException || !cancellation.IsCancellationRequested)
                {
                    // A call that its caller has cancelled ends without an answer, and says nothing of the cluster.
                    route.Failed(e.InnerException!);
                }

                error = e.InnerException!;
                another = route.HasDirect;
                inDoubt = writes;
            }

            bool givesUp = !repeatable || time.GetElapsedTime(began) > options.Value.ResolveTime || (writes && cancellation.IsCancellationRequested);
            if (givesUp)
            {
                throw error is DatabaseException { OutcomeKnown: false } ? error : Unknown(database, error, findOut);
            }

            cancellation.ThrowIfCancellationRequested();
            if (!another)
            {
                await Task.Delay(entropy.Jitter(pause), time, CancellationToken.None).ConfigureAwait(false);
                pause = pause * 2 < MaxPause ? pause * 2 : MaxPause;
            }
        }
    }

    /// <summary>The grain's reply. Whatever Orleans says instead tells nothing of what became of the call.</summary>
    private async Task<Reply<T>> OverClusterAsync<T>(Func<Task<Reply<T>>> call)
    {
        try
        {
            var answer = call();
            var reply = await (route.HasDirect ? answer.WaitAsync(options.Value.Patience, time) : answer).ConfigureAwait(false);
            route.Answered();
            return reply;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or OperationCanceledException or InvalidOperationException or IOException or EnumerationAbortedException)
        {
            throw new CallFailedException(e);
        }
    }

    internal static DatabaseException Unknown(string database, Exception error, string findOut = OverOperationId) => new(
        ErrorKind.Unavailable,
        ErrorCodes.OutcomeUnknown,
        $"The cluster has not answered a call for the database '{database}', and it is not known whether it took effect ({error.Message}). "
        + $"Check that the silos run and can be reached. {findOut}",
        error)
    { Database = database, OutcomeKnown = false };

    private sealed class CallFailedException(Exception inner) : Exception(inner.Message, inner);
}
