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
/// <param name="rates">A share between 0 and 1 for each.</param>
internal sealed class FateRates(params (Fate Fate, double Rate)[] rates)
{
    /// <summary>Nothing goes wrong.</summary>
    public static readonly FateRates None = new();

    /// <summary>One request in six or so.</summary>
    public static readonly FateRates Chaos = new(
        (Fate.Delayed, 0.05),
        (Fate.SlowDown, 0.02),
        (Fate.ServedAndFailed, 0.015),
        (Fate.Lost, 0.02),
        (Fate.Torn, 0.01),
        (Fate.AnswerLost, 0.02),
        (Fate.AnswerHeld, 0.003),
        (Fate.AnswerTorn, 0.01),
        (Fate.Late, 0.015),
        (Fate.Echoed, 0.015));

    /// <summary>Draws a fate. A request that writes nothing has nothing to be late with: it is served.</summary>
    public Fate Draw(Entropy entropy, HttpMessage request)
    {
        double dice = entropy.NextDouble();
        foreach (var (fate, rate) in rates)
        {
            if (dice < rate)
            {
                return fate == Fate.Late && request.Method != "PUT" ? Fate.Lost : fate;
            }

            dice -= rate;
        }

        return Fate.Served;
    }
}
