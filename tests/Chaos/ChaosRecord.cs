namespace OrleansSqlite.Tests;

/// <summary>What is known of a write's end.</summary>
internal enum Ended
{
    /// <summary>Nothing, or nothing for certain: whoever sent it was killed, or was told so.</summary>
    Unknown,

    /// <summary>It is durable.</summary>
    Landed,

    /// <summary>It has not taken effect.</summary>
    Refused,
}

/// <summary>A write, which may have been sent by several processes one after the other.</summary>
/// <param name="Marker">What it leaves in the database.</param>
internal sealed record ChaosRecord(string Marker)
{
    private int open;

    /// <summary>When it was sent first.</summary>
    public long Began { get; private set; } = long.MaxValue;

    /// <summary>When it was first said to have landed; the highest number if it never was.</summary>
    public long Answered { get; private set; } = long.MaxValue;

    /// <summary>The version that carries it, if it landed.</summary>
    public long Version { get; private set; }

    /// <summary>What it was told: the counter's value and its place in the list.</summary>
    public (long N, long Place) Told { get; private set; }

    /// <summary>How often it was told different things.</summary>
    public int Contradictions { get; private set; }

    /// <summary>What is known of its end. It is refused only if no attempt is left of which nothing is known.</summary>
    public Ended Ended => Answered != long.MaxValue ? Ended.Landed : open == 0 ? Ended.Refused : Ended.Unknown;

    /// <summary>It is sent.</summary>
    public void Begin(long at)
    {
        Began = Math.Min(Began, at);
        open++;
    }

    /// <summary>It is said to be durable.</summary>
    public void Land(long at, long version, long n, long place)
    {
        if (Ended == Ended.Landed && (Version, Told) != (version, (n, place)))
        {
            Contradictions++;
        }

        (Version, Told) = (version, (n, place));
        Answered = Math.Min(Answered, at);
        open--;
    }

    /// <summary>It is said not to have taken effect.</summary>
    public void Refuse() => open--;
}
