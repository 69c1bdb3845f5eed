namespace OrleansSqlite.Tests.Faults;

/// <summary>
/// A clock that stands still until somebody moves it. Timers fire in the order of their due times, on the thread pool, so that
/// whoever moves the clock never runs what waited for it.
/// </summary>
internal sealed class VirtualTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly SortedSet<VirtualTimer> timers = new(Comparer<VirtualTimer>.Create(static (left, right) =>
        left.DueAt != right.DueAt ? left.DueAt.CompareTo(right.DueAt) : left.Number.CompareTo(right.Number)));
    private readonly DateTimeOffset began = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private long now = TimeSpan.TicksPerHour;
    private long numbers;
    private long changes;

    /// <summary>The time since this clock was made.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(Volatile.Read(ref now) - TimeSpan.TicksPerHour);

    /// <summary>Counts every timer that was set, stopped or fired, and every touch: as long as it stands still, nobody has done anything.</summary>
    public long Changes => Volatile.Read(ref changes);

    /// <summary>Says that something happened.</summary>
    public void Touch() => Interlocked.Increment(ref changes);

    /// <summary>How long until the next timer fires; null if there is none.</summary>
    public TimeSpan? UntilNext
    {
        get
        {
            lock (gate)
            {
                return timers.Count == 0 ? null : TimeSpan.FromTicks(Math.Max(0, timers.Min!.DueAt - now));
            }
        }
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref now);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => began + Elapsed;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state, Interlocked.Increment(ref numbers));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock, firing what falls due on the way.</summary>
    public void Advance(TimeSpan by)
    {
        long target = Volatile.Read(ref now) + by.Ticks;
        while (true)
        {
            VirtualTimer due;
            lock (gate)
            {
                if (timers.Count == 0 || timers.Min!.DueAt > target)
                {
                    Volatile.Write(ref now, Math.Max(now, target));
                    return;
                }

                due = timers.Min;
                timers.Remove(due);
                Volatile.Write(ref now, Math.Max(now, due.DueAt));
                Touch();
                due.Rearm();
            }

            ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), due, preferLocal: false);
        }
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state, long number) : ITimer
    {
        private TimeSpan period;

        public long Number => number;

        public long DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan newPeriod)
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
                period = newPeriod;
                time.Touch();
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = time.now + Math.Max(0, dueTime.Ticks);
                    time.timers.Add(this);
                }
            }

            return true;
        }

        public void Rearm()
        {
            if (period > TimeSpan.Zero)
            {
                DueAt = time.now + period.Ticks;
                time.timers.Add(this);
            }
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
