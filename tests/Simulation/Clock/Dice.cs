namespace OrleansSqlite.Simulation.Clock;

/// <summary>All randomness of one part of a run.</summary>
internal sealed class Dice(ulong seed)
{
    private readonly Entropy entropy = new(seed);

    /// <summary>Dice of their own for another part: what one part draws never changes what the others draw.</summary>
    public Dice Split() => new(NextSeed());

    /// <summary>A seed for something else.</summary>
    public ulong NextSeed() => (ulong)entropy.Next128();

    /// <summary>True that often, from 0 to 1.</summary>
    public bool Chance(double probability) => entropy.NextDouble() < probability;

    /// <summary>A number from 0 up to, and without, the bound.</summary>
    public int Below(int bound) => (int)(entropy.NextDouble() * bound);

    /// <summary>A number from the first to the last.</summary>
    public int Between(int first, int last) => first + Below(last - first + 1);

    /// <summary>A real number from the first to the last.</summary>
    public double Between(double first, double last) => first + (entropy.NextDouble() * (last - first));

    /// <summary>One of them.</summary>
    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];

    /// <summary>The place of one of them, each as likely as its weight says.</summary>
    public int Weighted(IReadOnlyList<double> weights)
    {
        double left = entropy.NextDouble() * weights.Sum();
        for (int i = 0; i < weights.Count - 1; i++)
        {
            left -= weights[i];
            if (left < 0)
            {
                return i;
            }
        }

        return weights.Count - 1;
    }

    /// <summary>A time from zero to the longest, evenly.</summary>
    public TimeSpan UpTo(TimeSpan longest) => longest * entropy.NextDouble();

    /// <summary>A time around the median, with a tail: one in a hundred takes about <c>exp(2.3 × spread)</c> medians.</summary>
    public TimeSpan Around(TimeSpan median, double spread)
    {
        double normal = Math.Sqrt(-2 * Math.Log(1 - entropy.NextDouble())) * Math.Cos(2 * Math.PI * entropy.NextDouble());
        return median * Math.Exp(spread * normal);
    }

    /// <summary>Bytes that don't compress.</summary>
    public byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i += 8)
        {
            ulong some = NextSeed();
            for (int j = i; j < Math.Min(i + 8, count); j++, some >>= 8)
            {
                bytes[j] = (byte)some;
            }
        }

        return bytes;
    }
}
