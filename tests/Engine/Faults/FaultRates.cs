namespace OrleansSqlite.Tests.Faults;

/// <summary>How often each fault happens when no script says so: chances between 0 and 1.</summary>
internal sealed record FaultRates
{
    /// <summary>No faults.</summary>
    public static FaultRates None { get; } = new();

    /// <summary>A swap is answered 409.</summary>
    public double Busy { get; init; }

    /// <summary>A write or a swap is applied, and its answer lost.</summary>
    public double ReplyLost { get; init; }

    /// <summary>Any request is lost on its way.</summary>
    public double RequestLost { get; init; }

    /// <summary>A swap is applied later than its caller hears that it failed.</summary>
    public double Late { get; init; }

    /// <summary>A swap meets its own twin.</summary>
    public double Echo { get; init; }

    /// <summary>A write or a swap is refused for lack of permission.</summary>
    public double Denied { get; init; }

    /// <summary>A read ends too early.</summary>
    public double Truncated { get; init; }

    /// <summary>A read has a wrong bit.</summary>
    public double Flipped { get; init; }

    /// <summary>A request takes its time, up to <see cref="MaxDelay"/>.</summary>
    public double Slow { get; init; }

    /// <summary>The longest delay.</summary>
    public TimeSpan MaxDelay { get; init; }

    /// <summary>All rates times a factor.</summary>
    public static FaultRates operator *(FaultRates rates, double factor) => new()
    {
        Busy = rates.Busy * factor,
        ReplyLost = rates.ReplyLost * factor,
        RequestLost = rates.RequestLost * factor,
        Late = rates.Late * factor,
        Echo = rates.Echo * factor,
        Denied = rates.Denied * factor,
        Truncated = rates.Truncated * factor,
        Flipped = rates.Flipped * factor,
        Slow = rates.Slow,
        MaxDelay = rates.MaxDelay,
    };

    /// <summary>The fault that the dice give a request of that kind.</summary>
    public Fault Draw(StoreVerb verb, Entropy entropy)
    {
        bool swaps = verb == StoreVerb.Swap;
        bool changes = swaps || verb is StoreVerb.Write or StoreVerb.Delete;
        double dice = entropy.NextDouble();
        var kind =
            Hit(Busy, swaps) ? FaultKind.Busy
            : Hit(ReplyLost, changes) ? FaultKind.ReplyLost
            : Hit(RequestLost, true) ? FaultKind.RequestLost
            : Hit(Late, swaps) ? FaultKind.Late
            : Hit(Echo, swaps) ? FaultKind.Echo
            : Hit(Denied, changes) ? FaultKind.Denied
            : Hit(Truncated, !changes) ? FaultKind.Truncated
            : Hit(Flipped, !changes) ? FaultKind.Flipped
            : FaultKind.None;
        var delay = entropy.NextDouble() < Slow ? entropy.Jitter(MaxDelay) : TimeSpan.Zero;
        return kind == FaultKind.Late
            ? new Fault(kind, (int)(entropy.NextDouble() * 12))
            : new Fault(kind, 0, delay, delay == TimeSpan.Zero ? delay : entropy.Jitter(MaxDelay));

        bool Hit(double chance, bool applies)
        {
            dice -= applies ? chance : 0;
            return applies && dice < 0 && dice >= -chance;
        }
    }
}
