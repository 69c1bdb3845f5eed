namespace OrleansSqlite.Tests;

/// <summary>What becomes of a request.</summary>
internal enum Fate
{
    /// <summary>It is served.</summary>
    Served,

    /// <summary>It is served after a while.</summary>
    Delayed,

    /// <summary>503, and the server does not hear of it.</summary>
    SlowDown,

    /// <summary>500, though the server has served it.</summary>
    ServedAndFailed,

    /// <summary>The connection is reset before the server hears of it.</summary>
    Lost,

    /// <summary>The server hears half of it; the connection is reset.</summary>
    Torn,

    /// <summary>It is served; the connection is reset in place of the answer.</summary>
    AnswerLost,

    /// <summary>It is served; the answer comes after its sender has given up.</summary>
    AnswerHeld,

    /// <summary>It is served; the answer breaks off in the middle.</summary>
    AnswerTorn,

    /// <summary>The connection is reset, and the server hears of it later, whatever its sender has done since.</summary>
    Late,

    /// <summary>The server hears of it twice; the second answer goes out.</summary>
    Echoed,
}

/// <summary>How often each fate befalls a request; what is left is served.</summary>
/// <param name="reads">A share between 0 and 1 for each fate of a request that writes nothing.</param>
/// <param name="writes">The same for PUTs.</param>
internal sealed class FateRates((Fate Fate, double Rate)[] reads, (Fate Fate, double Rate)[] writes)
{
    /// <summary>Nothing goes wrong.</summary>
    public static readonly FateRates None = new([], []);

    /// <summary>One read in eight, and one write in three.</summary>
    public static readonly FateRates Chaos = new(
        [
            (Fate.Delayed, 0.05),
            (Fate.SlowDown, 0.015),
            (Fate.ServedAndFailed, 0.01),
            (Fate.Lost, 0.02),
            (Fate.Torn, 0.005),
            (Fate.AnswerLost, 0.01),
            (Fate.AnswerHeld, 0.002),
            (Fate.AnswerTorn, 0.015),
        ],
        [
            (Fate.Delayed, 0.05),
            (Fate.SlowDown, 0.03),
            (Fate.ServedAndFailed, 0.04),
            (Fate.Lost, 0.03),
            (Fate.Torn, 0.02),
            (Fate.AnswerLost, 0.05),
            (Fate.AnswerHeld, 0.006),
            (Fate.AnswerTorn, 0.01),
            (Fate.Late, 0.05),
            (Fate.Echoed, 0.05),
        ]);

    /// <summary>Everybody has the same fate.</summary>
    public static FateRates Always(Fate fate) => new([(fate, 1)], [(fate, 1)]);

    /// <summary>Draws a fate.</summary>
    public Fate Draw(Entropy entropy, HttpMessage request)
    {
        double dice = entropy.NextDouble();
        foreach (var (fate, rate) in request.Method == "PUT" ? writes : reads)
        {
            if (dice < rate)
            {
                return fate;
            }

            dice -= rate;
        }

        return Fate.Served;
    }
}
