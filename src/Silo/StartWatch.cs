using Microsoft.Extensions.Logging;

namespace OrleansSqlite.Silo;

/// <summary>
/// Says what a silo needs that is not up yet: the clients of AWS and of the store try again for a minute and longer before they give up, and
/// until then nothing else would be heard.
/// </summary>
internal static partial class StartWatch
{
    /// <summary>Long enough that an ordinary start says nothing.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>Speaks up until it is disposed of.</summary>
    public static ITimer Begin(SiloSettings settings, ILogger log, TimeProvider time)
    {
        long began = time.GetTimestamp();
        string needs = Needs(settings);
        return time.CreateTimer(_ => StillStarting(log, (int)time.GetElapsedTime(began).TotalSeconds, needs), null, Interval, Interval);
    }

    private static string Needs(SiloSettings settings)
    {
        string store = $"the store {settings.Store} (--store)";
        return settings.DynamoDBService is { } service && settings.UsesDynamoDB ? $"{store} and DynamoDB at {service} (--dynamodb-service)" : store;
    }

    [LoggerMessage(1, LogLevel.Warning, "Still starting after {Seconds} s. This silo needs {Needs}: what can't be reached is tried again for a while")]
    private static partial void StillStarting(ILogger logger, int seconds, string needs);
}
