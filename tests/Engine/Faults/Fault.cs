namespace OrleansSqlite.Tests.Faults;

/// <summary>What a store may do to one request, other than to answer it.</summary>
internal enum FaultKind
{
    /// <summary>Nothing: an ordinary request.</summary>
    None,

    /// <summary>A swap is answered 409: not applied.</summary>
    Busy,

    /// <summary>Applied, while it is sent again on the way: the twin conflicts with it, and the caller hears that one's 409.</summary>
    BusyTwin,

    /// <summary>A swap is answered 412 although nobody was first: not applied.</summary>
    Refused,

    /// <summary>Applied, but the caller hears that the connection broke.</summary>
    ReplyLost,

    /// <summary>Not applied; the caller hears that the connection broke.</summary>
    RequestLost,

    /// <summary>The caller hears that the connection broke; the request is applied later, under its own condition.</summary>
    Late,

    /// <summary>Applied, then sent again on the way: a swap meets its own twin, and the caller hears 412.</summary>
    Echo,

    /// <summary>Not applied: no permission.</summary>
    Denied,

    /// <summary>Applied; the answer was lost, the request was sent again by itself, and that copy had no permission any more.</summary>
    DeniedAfterwards,

    /// <summary>Not applied: no space.</summary>
    Full,

    /// <summary>A read finds fewer bytes than there are.</summary>
    Truncated,

    /// <summary>A read finds one bit wrong.</summary>
    Flipped,
}

/// <summary>A fault, and how long it takes.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Requests">For a late request: after how many further requests it is applied.</param>
/// <param name="Delay">For a late request: after what time it is applied. For every other: how long it takes to reach the store.</param>
/// <param name="AnswerDelay">How long the answer takes to come back.</param>
internal sealed record Fault(FaultKind Kind, int Requests = 0, TimeSpan Delay = default, TimeSpan AnswerDelay = default)
{
    public static Fault None { get; } = new(FaultKind.None);

    public static Fault Busy { get; } = new(FaultKind.Busy);

    public static Fault BusyTwin { get; } = new(FaultKind.BusyTwin);

    public static Fault Refused { get; } = new(FaultKind.Refused);

    public static Fault ReplyLost { get; } = new(FaultKind.ReplyLost);

    public static Fault RequestLost { get; } = new(FaultKind.RequestLost);

    public static Fault Echo { get; } = new(FaultKind.Echo);

    public static Fault Denied { get; } = new(FaultKind.Denied);

    public static Fault DeniedAfterwards { get; } = new(FaultKind.DeniedAfterwards);

    public static Fault Full { get; } = new(FaultKind.Full);

    public static Fault Truncated { get; } = new(FaultKind.Truncated);

    public static Fault Flipped { get; } = new(FaultKind.Flipped);

    /// <summary>Applied after that many further requests.</summary>
    public static Fault LateBy(int requests) => new(FaultKind.Late, requests);

    /// <summary>Applied after that time.</summary>
    public static Fault LateBy(TimeSpan delay) => new(FaultKind.Late, 0, delay);

    /// <summary>Answered as it should be, after a time.</summary>
    public static Fault Slow(TimeSpan toStore, TimeSpan back = default) => new(FaultKind.None, 0, toStore, back);
}
