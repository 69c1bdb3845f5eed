namespace OrleansSqlite.Simulation.Processes;

/// <summary>How a write ended, as its callers were told.</summary>
internal enum Ended
{
    /// <summary>Nobody has heard of it.</summary>
    Pending,

    /// <summary>Durable.</summary>
    Landed,

    /// <summary>Not applied, for certain.</summary>
    Refused,

    /// <summary>Perhaps.</summary>
    Unknown,
}

/// <summary>
/// One write: what it leaves in the database (its marker), and what became of it. With an operation id it may have been sent several times,
/// to several processes: then all answers together tell.
/// </summary>
internal sealed class Write(string marker, string kind, long invoked)
{
    private readonly List<(Instance Where, Ended Ended)> sends = [];

    /// <summary>What it leaves behind: once if it took effect, never if it did not.</summary>
    public string Marker => marker;

    /// <summary>What it does.</summary>
    public string Kind => kind;

    /// <summary>The moment at which it was first sent.</summary>
    public long Invoked => invoked;

    /// <summary>The moment of the first answer that it is durable.</summary>
    public long Answered { get; private set; } = long.MaxValue;

    /// <summary>The version that carries it.</summary>
    public long Version { get; private set; }

    /// <summary>Why it did not land, if it did not.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>The end of all its sends.</summary>
    public Ended Ended =>
        sends.Exists(static send => send.Ended == Ended.Landed) ? Ended.Landed
        : sends.Count > 0 && sends.TrueForAll(static send => send.Ended == Ended.Refused) ? Ended.Refused
        : Ended.Unknown;

    /// <summary>The living processes that have not answered it.</summary>
    public IEnumerable<string> WaitsFor => sends.Where(static send => send.Ended == Ended.Pending && !send.Where.IsDead).Select(static send => send.Where.Name);

    /// <summary>It is sent (again), to a process. Gives the send's number.</summary>
    public int Send(Instance where)
    {
        sends.Add((where, Ended.Pending));
        return sends.Count - 1;
    }

    /// <summary>A send was answered: durable.</summary>
    public void Land(int send, long version, long moment)
    {
        sends[send] = (sends[send].Where, Ended.Landed);
        Version = version;
        Answered = Math.Min(Answered, moment);
    }

    /// <summary>A send was answered: not durable, or nobody knows.</summary>
    public void Fail(int send, bool isKnown, string reason)
    {
        sends[send] = (sends[send].Where, isKnown ? Ended.Refused : Ended.Unknown);
        Reason = reason;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{marker} ({kind}, {Ended} at version {Version}, sent {sends.Count} times{(Reason.Length == 0 ? "" : $": {Reason}")})";
}
