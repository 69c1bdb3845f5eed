namespace OrleansSqlite.Format;

/// <summary>What must hold between the parts of a head, whoever made it. Each check answers null, or what is broken.</summary>
internal static class HeadInvariants
{
    /// <summary>The first broken rule of the head, or null if all hold.</summary>
    public static string? FirstBroken(Head head)
    {
        if (head.Recent.IsDefault || head.Segments.IsDefault || head.Frames.IsDefault)
        {
            return "a list is missing";
        }

        return Fields(head) ?? Recent(head) ?? Segments(head) ?? Frames(head) ?? History(head);
    }

    private static string? Fields(Head head)
    {
        if (head.State is not (HeadState.Live or HeadState.Tombstone))
        {
            return $"the state {(byte)head.State} is unknown";
        }

        if (head.Version is < 0 or > Limits.MaxVersion)
        {
            return $"the version {head.Version} is out of range";
        }

        if (!Limits.IsTime(head.TimeMs))
        {
            return $"the time {head.TimeMs} is out of range";
        }

        if (head.PageBytes == 0 ? head.PageCount != 0 : head.PageCount is 0 or > Limits.MaxPageCount || !Limits.IsPageSize(head.PageBytes))
        {
            return $"there cannot be {head.PageCount} pages of {head.PageBytes} bytes";
        }

        if (head.Version == 0 && head.PageCount != 0)
        {
            return "there are pages before the first commit";
        }

        bool holdsData = head.PageBytes != 0 || !head.Segments.IsEmpty || !head.Frames.IsEmpty;
        return head.State == HeadState.Tombstone && holdsData ? "a tombstone holds data" : null;
    }

    private static string? Recent(Head head)
    {
        if (head.Recent.Length > Head.MaxRecent || head.Recent.Length > head.Version)
        {
            return $"{head.Recent.Length} recent commits are too many at version {head.Version}";
        }

        foreach (var commit in head.Recent)
        {
            if (!Limits.IsTime(commit.TimeMs))
            {
                return $"the time {commit.TimeMs} of the commit {commit.Id} is out of range";
            }
        }

        return null;
    }

    private static string? Segments(Head head)
    {
        if (head.Segments.Length > ushort.MaxValue)
        {
            return $"{head.Segments.Length} segments are too many";
        }

        // Newest first: a reader takes a page from the first segment that has it. Ranges may overlap (one part of the pages
        // was compacted further than another); an image is still never older than one behind it, because each is the newest
        // up to its segment's last version.
        long newest = head.FirstFrameVersion - 1;
        var ids = new HashSet<SegmentId>(head.Segments.Length);
        foreach (var entry in head.Segments)
        {
            if (SegmentInvariants.FirstBroken(entry, head.PageBytes) is { } broken)
            {
                return $"of segment {entry.Id}, {broken}";
            }

            if (!ids.Add(entry.Id))
            {
                return $"segment {entry.Id} is listed twice";
            }

            if (entry.MaxVersion > newest)
            {
                return $"segment {entry.Id} goes up to version {entry.MaxVersion}, but stands behind version {newest}";
            }

            if (entry.CollectionEpoch > head.CollectionEpoch)
            {
                return $"segment {entry.Id} is of the collection epoch {entry.CollectionEpoch}, which has not begun";
            }

            newest = entry.MaxVersion;
        }

        return null;
    }

    private static string? History(Head head)
    {
        foreach (var entry in head.Segments)
        {
            if (entry.Home is { } home && head.History?.Sources.Contains(home) != true)
            {
                return $"segment {entry.Id} lies in the database '{home}', which is not among its sources";
            }
        }

        return head.State == HeadState.Tombstone && head.History is { Checkpoints.IsEmpty: false }
            ? "a tombstone has a history"
            : head.History?.FirstBroken(head);
    }

    private static string? Frames(Head head)
    {
        if (head.Frames.Length > ushort.MaxValue)
        {
            return $"{head.Frames.Length} frames are too many";
        }

        long version = head.Version - head.Frames.Length;
        if (version < 0)
        {
            return $"{head.Frames.Length} frames are too many at version {head.Version}";
        }

        long firstRecent = head.Version - head.Recent.Length + 1;
        foreach (var frame in head.Frames)
        {
            if (frame.Version != ++version)
            {
                return $"the frame of version {frame.Version} stands where that of {version} belongs";
            }

            if (frame.RawBytes != (long)frame.Images * head.PageBytes || frame.RawBytes > Limits.MaxFrameRawBytes)
            {
                return $"the frame of version {version} holds {frame.RawBytes} bytes for {frame.Images} pages of {head.PageBytes}";
            }

            if (version >= firstRecent && head.Recent[(int)(version - firstRecent)] != new CommitRecord(frame.Id, frame.TimeMs))
            {
                return $"the frame of version {version} is of another commit than the one listed";
            }
        }

        return head.Frames is [.., var last] && last.PageCount != head.PageCount
            ? $"the page count is {head.PageCount}, but {last.PageCount} in the newest frame"
            : null;
    }
}
