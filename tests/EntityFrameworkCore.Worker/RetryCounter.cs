using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace OrleansSqlite.EntityFrameworkCore.Worker;

/// <summary>Counts how often the strategy has run a unit again, by EF Core's own log.</summary>
internal sealed class RetryCounter
{
    private int counted;

    public int Counted => Volatile.Read(ref counted);

    public bool Filter(EventId id, LogLevel level) => id == CoreEventId.ExecutionStrategyRetrying;

    public void Count(EventData data) => Interlocked.Increment(ref counted);
}
