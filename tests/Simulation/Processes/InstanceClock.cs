namespace OrleansSqlite.Simulation.Processes;

/// <summary>
/// The clock of one process: it runs a little too fast or too slow, shows a wrong time, and is set forward or back at times. Its timers fire
/// when the process may run.
/// </summary>
internal sealed class InstanceClock(Clock.World world, Instance instance, double rate) : TimeProvider
{
    private static readonly DateTimeOffset Began = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>How far the wall clock is off.</summary>
    public TimeSpan Offset { get; set; }

    /// <summary>How many of its seconds pass in one.</summary>
    public double Rate => rate;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>The store's clock: the right one.</summary>
    public static DateTimeOffset RightTime(TimeSpan now) => Began + now;

    /// <inheritdoc/>
    public override long GetTimestamp() => TimeSpan.TicksPerHour + (world.Now * rate).Ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Began + Offset + (world.Now * rate);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(InstanceClock clock, TimerCallback callback, object? state) : ITimer
    {
        private int setting;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            // What was set before is void.
            int mine = ++setting;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                clock.After(dueTime, () => Fire(mine, period));
            }

            return true;
        }

        public void Dispose() => setting++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(int mine, TimeSpan period)
        {
            if (mine != setting)
            {
                return;
            }

            if (period > TimeSpan.Zero)
            {
                clock.After(period, () => Fire(mine, period));
            }

            callback(state);
        }
    }

    private void After(TimeSpan delay, Action happens) => instance.After(delay / rate, happens);
}
