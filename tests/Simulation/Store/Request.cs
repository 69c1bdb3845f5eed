using OrleansSqlite.Simulation.Clock;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Simulation.Store;

/// <summary>One request on its way.</summary>
internal sealed class Request<T>(Link link, Verb verb, string key, Action<Action<T>> serve)
{
    private static readonly TimeSpan SwapTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);
    private readonly TaskCompletionSource<(T? Answer, Fate Fate)> heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int number = link.Count();
    private readonly Fate fate = link.Weather.Draw(verb);
    private readonly bool survivesItsSender = link.Dice.Chance(0.5);

    /// <summary>Sends it, and waits for what comes back.</summary>
    public Task<(T? Answer, Fate Fate)> SendAsync(CancellationToken cancellation)
    {
        Note(fate == Fate.Served ? "" : $" ({fate})");
        Leave();
        return link.AwaitAsync(heard, key, cancellation);
    }

    private void Leave()
    {
        var to = link.Weather.Way(verb);
        switch (fate)
        {
            case Fate.RequestLost:
                Break(to);
                break;
            case Fate.ReplyLost:
                Arrive(to, static _ => { });
                Break(to);
                break;
            case Fate.Late:
                var breaks = Break(to);
                Arrive(breaks + link.Dice.Around(TimeSpan.FromSeconds(1), 2), static _ => { });
                break;
            case Fate.Twin:
                Arrive(to, Answer);
                Arrive(to + link.Dice.Around(TimeSpan.FromSeconds(1), 2), static _ => { });
                break;
            case Fate.Echo:
                Arrive(to, _ => serve(Answer));
                break;
            case Fate.SlowDown or Fate.Failed:
                link.World.After(to, () => Answer(default));
                break;
            case Fate.FailedAfterwards:
                Arrive(to, Answer);
                break;
            case Fate.Busy:
                link.World.After(to, () => Answer((T)(object)SwapResult.Busy));
                break;
            case Fate.Denied:
                Hear(to * 2, () => heard.TrySetException(new StoreException(StoreFailure.Denied, Link.Url, key, "The store refused access (HTTP 403).")), "403");
                break;
            default:
                Arrive(to, Answer);
                break;
        }
    }

    private void Arrive(TimeSpan after, Action<T> answer) => link.World.After(after, () =>
    {
        if (link.Instance.IsDead && !survivesItsSender)
        {
            Note(" was cut off");
        }
        else if (link.Weather.IsThrottled && fate == Fate.Served)
        {
            Note(" is throttled");
            Hear(link.Weather.Way(verb), () => heard.TrySetResult((default, Fate.SlowDown)), "503");
        }
        else
        {
            serve(given =>
            {
                Note($" is served{(given is SwapResult swap ? $": {swap.Answer}" : given is ReadResult read ? $": {read.Answer}" : "")}");
                answer(given);
            });
        }
    });

    private void Answer(T? given) => Hear(link.Weather.Way(verb), () => heard.TrySetResult((given, fate)), "answered");

    /// <summary>The connection breaks, or the sender waits until it gives up. Gives the time of that.</summary>
    private TimeSpan Break(TimeSpan soon)
    {
        bool breaks = link.Dice.Chance(0.8);
        var after = breaks ? soon + link.Dice.Around(TimeSpan.FromMilliseconds(60), 1) : verb == Verb.Swap ? SwapTimeout : RequestTimeout;
        string what = breaks ? "The connection broke." : "The store did not answer in time.";
        Hear(after, () => heard.TrySetException(new StoreException(StoreFailure.Unavailable, Link.Url, key, what)), breaks ? "broken" : "timed out");
        return after;
    }

    private void Hear(TimeSpan after, Action hear, string what) => link.Instance.After(after, () =>
    {
        Note($" {what}");
        hear();
    });

    private void Note(string what) => link.Trace.Add(link.Instance.Name, $"#{number} {verb} {key}{what}");
}
