using OrleansSqlite.Simulation.Processes;

namespace OrleansSqlite.Simulation.Checks;

/// <summary>
/// Every acknowledged write is there once, every refused one is absent, an unknown one is there at most once. What was acknowledged at a version that a
/// restore has taken back is absent, too, unless a restore has brought it: then it is there, whatever its caller was told.
/// </summary>
internal static class WriteCheck
{
    /// <summary>The table that holds the marker of every write.</summary>
    public const string Table = "CREATE TABLE done(marker TEXT NOT NULL, kind TEXT NOT NULL)";

    /// <summary>What is wrong, if anything is.</summary>
    /// <param name="writes">What was asked for.</param>
    /// <param name="there">The markers that are in the database, as often as they are there.</param>
    /// <param name="descent">What that database goes back to.</param>
    public static IEnumerable<string> Problems(IReadOnlyList<Write> writes, IReadOnlyList<string> there, Descent descent)
    {
        var counts = there.CountBy(marker => marker).ToDictionary();
        foreach (var write in writes)
        {
            counts.Remove(write.Marker, out int count);
            if (count > 1)
            {
                yield return $"{write} took effect {count} times";
            }
            else if (count == 0 && write.Ended == Ended.Landed && descent.Versions.Contains(write.Version))
            {
                yield return $"{write} was acknowledged and is lost";
            }
            else if (count == 1 && write.Ended == Ended.Landed && !descent.Versions.Contains(write.Version) && !descent.Restored.Contains(write.Marker))
            {
                yield return $"{write} was taken back and took effect again";
            }
            else if (count == 1 && write.Ended == Ended.Refused && !descent.Restored.Contains(write.Marker))
            {
                yield return $"{write} was refused and took effect";
            }
        }

        foreach (string marker in counts.Keys)
        {
            yield return $"{marker} was written by nobody";
        }
    }
}
