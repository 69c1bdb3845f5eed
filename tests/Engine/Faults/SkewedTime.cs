namespace OrleansSqlite.Tests.Faults;

/// <summary>Another clock by which the same time passes, but which shows a wrong one.</summary>
internal sealed class SkewedTime(TimeProvider inner, TimeSpan ahead) : TimeProvider
{
    /// <summary>How long the machine has stood still: its monotonic clock has not counted that.</summary>
    public TimeSpan Paused { get; set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => inner.TimestampFrequency;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + ahead;

    /// <inheritdoc/>
    public override long GetTimestamp() => inner.GetTimestamp() - (long)(Paused.TotalSeconds * TimestampFrequency);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);
}
