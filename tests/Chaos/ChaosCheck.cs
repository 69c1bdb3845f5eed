using OrleansSqlite.Worker;

namespace OrleansSqlite.Tests;

/// <summary>What the database holds in the end.</summary>
/// <param name="Done">The markers of the writes that took effect, as often as they did.</param>
/// <param name="Lists">Each list: the places, and who has appended there, in that order.</param>
/// <param name="Counters">Each counter.</param>
internal sealed record ChaosState(
    IReadOnlyList<string> Done, IReadOnlyDictionary<int, IReadOnlyList<(long Place, string Marker)>> Lists, IReadOnlyDictionary<int, long> Counters);

/// <summary>Whether what the database holds is what the processes were told.</summary>
internal static class ChaosCheck
{
    /// <summary>Acknowledged writes that are not there.</summary>
    public static IEnumerable<string> Lost(ChaosHistory history, ChaosState state)
    {
        var there = state.Done.ToHashSet();
        return history.Writes.Where(write => write.Ended == Ended.Landed && !there.Contains(write.Marker)).Select(write => write.Marker);
    }

    /// <summary>Writes that took effect more than once.</summary>
    public static IEnumerable<string> Twice(ChaosState state) => state.Done.CountBy(marker => marker).Where(pair => pair.Value > 1).Select(pair => pair.Key);

    /// <summary>What is wrong; nothing if all is well.</summary>
    public static IEnumerable<string> Problems(ChaosHistory history, ChaosState state) =>
    [
        .. Lost(history, state).Select(marker => $"lost: {marker} was acknowledged"),
        .. Twice(state).Select(marker => $"twice: {marker}"),
        .. Strangers(history, state),
        .. Appends(history, state),
        .. Order(history),
        .. Reads(history),
    ];

    private static IEnumerable<string> Strangers(ChaosHistory history, ChaosState state)
    {
        var ends = history.Writes.ToDictionary(write => write.Marker, write => write.Ended);
        foreach (string marker in state.Done)
        {
            if (!ends.TryGetValue(marker, out var ended))
            {
                yield return $"invented: nobody has sent {marker}";
            }
            else if (ended == Ended.Refused)
            {
                yield return $"not refused: {marker} was told that it had not taken effect";
            }
        }
    }

    /// <summary>Each write has counted and appended once, and was told so; lists have the order in which their writes were answered.</summary>
    private static IEnumerable<string> Appends(ChaosHistory history, ChaosState state)
    {
        var writes = history.Writes.ToDictionary(write => write.Marker);
        foreach (int list in state.Counters.Keys)
        {
            var items = state.Lists.GetValueOrDefault(list, []);
            string[] done = [.. state.Done.Where(marker => ChaosWrite.ListOf(marker) == list).Order(StringComparer.Ordinal)];
            if (!done.SequenceEqual(items.Select(item => item.Marker).Order(StringComparer.Ordinal)))
            {
                yield return $"torn: list {list} has {items.Count} items of {done.Length} writes, or of others";
            }

            if (state.Counters[list] != done.Length)
            {
                yield return $"lost update: counter {list} is {state.Counters[list]} after {done.Length} writes";
            }

            long firstAnswer = long.MaxValue;
            for (int i = items.Count - 1; i >= 0; i--)
            {
                var (place, marker) = items[i];
                if (place != i + 1)
                {
                    yield return $"place: {marker} is at {place} of list {list}, where {i + 1} comes";
                }

                if (!writes.TryGetValue(marker, out var write))
                {
                    continue;
                }

                if (write.Ended == Ended.Landed && write.Told != (place, place))
                {
                    yield return $"told: {marker} was told {write.Told}, and is at {place}";
                }

                if (write.Began > firstAnswer)
                {
                    yield return $"time: {marker} stands in list {list} before a write that was answered before it began";
                }

                firstAnswer = Math.Min(firstAnswer, write.Answered);
            }
        }
    }

    /// <summary>A write that began after another one was answered has a higher version; a repetition was told what the first one was.</summary>
    private static IEnumerable<string> Order(ChaosHistory history)
    {
        foreach (var write in history.Writes.Where(write => write.Contradictions > 0))
        {
            yield return $"contradiction: {write.Marker} was told two different ends";
        }

        var known = Known(history);
        foreach (var write in history.Writes.Where(write => write.Ended == Ended.Landed))
        {
            if (known(write.Began) >= write.Version)
            {
                yield return $"time: {write.Marker} has version {write.Version}, and began when {known(write.Began)} was answered";
            }
        }
    }

    private static IEnumerable<string> Reads(ChaosHistory history)
    {
        var known = Known(history);
        return history.Reads.Where(read => known(read.Began) > read.Version)
            .Select(read => $"stale: a strong read saw version {read.Version}, and began when {known(read.Began)} was answered");
    }

    /// <summary>The newest version that anybody had been told of before a moment.</summary>
    private static Func<long, long> Known(ChaosHistory history)
    {
        var landed = history.Writes.Where(write => write.Ended == Ended.Landed).OrderBy(write => write.Answered).ToArray();
        long[] times = [.. landed.Select(write => write.Answered)];
        long[] newest = new long[landed.Length];
        for (int i = 0; i < landed.Length; i++)
        {
            newest[i] = Math.Max(i == 0 ? 0 : newest[i - 1], landed[i].Version);
        }

        return moment =>
        {
            int at = Array.BinarySearch(times, moment);
            int before = at >= 0 ? at : ~at;
            while (before > 0 && times[before - 1] == moment)
            {
                before--;
            }

            return before == 0 ? 0 : newest[before - 1];
        };
    }
}
