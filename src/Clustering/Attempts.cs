namespace OrleansSqlite.Clustering;

/// <summary>The attempts of one operation: bounded in time, with growing pauses of full jitter between them.</summary>
internal sealed class Attempts(TimeProvider time, Entropy entropy, TimeSpan patience)
{
    private const int Doublings = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private readonly long began = time.GetTimestamp();
    private int pauses;

    /// <summary>Waits a while; answers whether there is time for another attempt.</summary>
    public async ValueTask<bool> AgainAsync()
    {
        if (time.GetElapsedTime(began) >= patience)
        {
            return false;
        }

        await Task.Delay(entropy.Jitter(FirstPause * (1 << Math.Min(pauses++, Doublings))), time);
        return true;
    }
}
