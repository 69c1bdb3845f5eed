namespace OrleansSqlite.Stores;

/// <summary>Repeats reads that failed for a passing reason, with full jitter. Swaps are never repeated here: see the commit path.</summary>
internal sealed class ReadRetry(TimeProvider time, Entropy entropy)
{
    private const int Attempts = 4;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs a read until it succeeds, fails for good, or has failed four times.</summary>
    public async ValueTask<T> RunAsync<T>(Func<CancellationToken, ValueTask<T>> read, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await read(cancellation).ConfigureAwait(false);
            }
            catch (StoreException e) when (e.IsTransient && attempt < Attempts)
            {
                await Task.Delay(entropy.Jitter(FirstPause * (1 << attempt)), time, cancellation).ConfigureAwait(false);
            }
        }
    }
}
