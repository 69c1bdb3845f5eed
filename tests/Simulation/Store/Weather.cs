using OrleansSqlite.Simulation.Clock;

namespace OrleansSqlite.Simulation.Store;

/// <summary>
/// How the network and the store behave. Beside the faults that come one by one there are episodes: the store throttles, is away, is slow,
/// or everything goes wrong more often.
/// </summary>
internal sealed class Weather(World world, Trace trace, Dice dice, double severity, bool damages)
{
    private static readonly (Fate Fate, double Weight, Verb[] Verbs)[] Faults =
    [
        (Fate.RequestLost, 0.02, [Verb.Get, Verb.Range, Verb.Put, Verb.Swap, Verb.Delete, Verb.List]),
        (Fate.ReplyLost, 0.03, [Verb.Get, Verb.Put, Verb.Swap, Verb.Delete]),
        (Fate.Late, 0.03, [Verb.Put, Verb.Swap, Verb.Delete]),
        (Fate.Twin, 0.02, [Verb.Put, Verb.Swap, Verb.Delete]),
        (Fate.Echo, 0.02, [Verb.Swap]),
        (Fate.SlowDown, 0.02, [Verb.Get, Verb.Range, Verb.Put, Verb.Swap, Verb.Delete, Verb.List]),
        (Fate.Failed, 0.01, [Verb.Get, Verb.Range, Verb.Put, Verb.Swap, Verb.Delete, Verb.List]),
        (Fate.FailedAfterwards, 0.015, [Verb.Put, Verb.Swap, Verb.Delete]),
        (Fate.Busy, 0.03, [Verb.Swap]),
        (Fate.Denied, 0.002, [Verb.Put, Verb.Swap]),
    ];

    private static readonly (Fate Fate, double Weight)[] Damages = [(Fate.Truncated, 0.004), (Fate.Flipped, 0.004)];
    private TimeSpan throttledUntil;
    private TimeSpan awayUntil;
    private TimeSpan slowUntil;
    private TimeSpan stormUntil;
    private bool isCalm;

    /// <summary>From now on nothing goes wrong.</summary>
    public void Calm() => isCalm = true;

    /// <summary>Whether the store refuses requests now because there were too many.</summary>
    public bool IsThrottled => !isCalm && world.Now < throttledUntil;

    /// <summary>How long a way takes.</summary>
    public TimeSpan Way(Verb verb)
    {
        // 24 ms there and back for a GET, and one in a hundred takes three times as long.
        var way = dice.Around(TimeSpan.FromMilliseconds(verb == Verb.List ? 40 : 11), 0.45);
        bool isSlow = !isCalm && (world.Now < slowUntil || dice.Chance(0.002 * severity));
        return isSlow ? way * dice.Between(5.0, 60) : way;
    }

    /// <summary>What becomes of a request.</summary>
    public Fate Draw(Verb verb)
    {
        if (isCalm || severity == 0)
        {
            return Fate.Served;
        }

        if (world.Now < awayUntil)
        {
            return dice.Chance(0.5) ? Fate.RequestLost : Fate.Failed;
        }

        double factor = severity * (world.Now < stormUntil ? 5 : 1);
        foreach (var (fate, weight, verbs) in Faults)
        {
            if (verbs.Contains(verb) && dice.Chance(weight * factor))
            {
                return fate;
            }
        }

        if (damages && verb is Verb.Get or Verb.Range)
        {
            foreach (var (fate, weight) in Damages)
            {
                if (dice.Chance(weight))
                {
                    return fate;
                }
            }
        }

        return Fate.Served;
    }

    /// <summary>Episodes, one after the other, for as long as the run lasts.</summary>
    public async Task ChangeAsync()
    {
        while (!isCalm && severity > 0)
        {
            await world.DelayAsync(dice.Around(TimeSpan.FromSeconds(12) / severity, 0.8));
            var time = dice.Around(TimeSpan.FromSeconds(1.5), 0.8);
            var until = world.Now + time;
            int kind = dice.Below(4);
            trace.Add("store", $"{(kind switch { 0 => "throttles", 1 => "is away", 2 => "is slow", _ => "fails more often" })} for {time.TotalSeconds:0.000} s");
            switch (kind)
            {
                case 0:
                    throttledUntil = until;
                    break;
                case 1:
                    awayUntil = until;
                    break;
                case 2:
                    slowUntil = until;
                    break;
                default:
                    stormUntil = until;
                    break;
            }
        }
    }
}
