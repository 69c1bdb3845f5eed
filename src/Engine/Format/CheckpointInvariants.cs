namespace OrleansSqlite.Format;

/// <summary>What must hold for a list of checkpoints, in a head or in an object of its own. Answers null, or what is broken.</summary>
internal static class CheckpointInvariants
{
    /// <summary>The first broken rule of the list.</summary>
    /// <param name="entries">The list, oldest first.</param>
    /// <param name="newest">The version that none of them may pass.</param>
    public static string? FirstBroken(IReadOnlyList<CheckpointEntry> entries, long newest)
    {
        var ids = new HashSet<CheckpointId>(entries.Count);
        CheckpointEntry? before = null;
        foreach (var entry in entries)
        {
            if (entry.Level > CheckpointEntry.MaxLevel)
            {
                return $"checkpoint {entry.Id} has the level {entry.Level}";
            }

            // A database that has had no commit yet can be read at version 0.
            if (entry.FirstVersion < 0 || entry.LastVersion < entry.FirstVersion || entry.LastVersion > newest)
            {
                return $"checkpoint {entry.Id} goes from version {entry.FirstVersion} to {entry.LastVersion}, behind which stands {newest}";
            }

            if (!Limits.IsTime(entry.LastTimeMs) || entry.ObjectBytes > Limits.MaxHeadBytes || entry.ListBytes > entry.ObjectBytes || entry.ListBytes == 0)
            {
                return $"the time or the size of checkpoint {entry.Id} is out of range";
            }

            long leftOut = before is null ? 0 : entry.FirstVersion - before.LastVersion - 1;
            if (before is not null && (entry.LastVersion < before.LastVersion || leftOut is > 0 and < CheckpointEntry.LeastGap))
            {
                return $"checkpoint {entry.Id} begins at version {entry.FirstVersion}, but the one before it ends at {before.LastVersion}";
            }

            if (!ids.Add(entry.Id))
            {
                return $"checkpoint {entry.Id} is listed twice";
            }

            before = entry;
        }

        return null;
    }
}
