using System.Collections.Immutable;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.TimeTravel;

namespace OrleansSqlite.Verification;

/// <summary>
/// Reads a database back from the store, past all caches, and says what is wrong with it: all of it, not only the first. Each object that is named is read in full and
/// unpacked; each page must stand where a reader looks for it; then SQLite looks through the result. It reads one head and what that names, so what
/// others commit meanwhile is no concern of it.
/// </summary>
internal sealed class Verifier(DatabaseContext context, EngineThreads threads, IProgress<TransferProgress>? progress)
{
    private const int AtOnce = 4;
    private readonly Findings findings = new();
    private readonly List<string> notes = [];
    private readonly Dictionary<string, SegmentState> states = [];
    private readonly SortedDictionary<long, (bool IsWhole, long TimeMs, VersionSource Source)> versions = [];
    private readonly List<VerifiedVersions> snapshots = [];
    private readonly List<(long Version, VersionSource Source)> wholeSnapshots = [];
    private long bytes;
    private int objects;

    /// <summary>Verifies.</summary>
    /// <param name="version">The version to read page by page; the newest if not given.</param>
    /// <param name="history">Whether to read all that can be gone back to as well.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.DatabaseNotFound"/>, or <see cref="ErrorCodes.SnapshotTooOld"/> if a collection has taken away meanwhile what was being read.</exception>
    /// <exception cref="StoreException">The store can't be read.</exception>
    public async Task<Survey> RunAsync(long? version, bool history, CancellationToken cancellation)
    {
        var heads = new RetainedHeads(context, findings);
        var found = await new HeadReader(context).ReadAsync(null, cancellation).ConfigureAwait(false);
        var (head, content) = Decode(found);
        Survivors? survivors = null;
        Head? verified;
        if (head is null)
        {
            survivors = await Survivors.FindAsync(context, content, heads, findings, cancellation).ConfigureAwait(false);
            if (found.Answer == ReadAnswer.Missing && survivors is null && heads.Sources.Count == 0)
            {
                throw Errors.NotFound(context.Name);
            }

            verified = survivors?.Line;
            if (verified is not null)
            {
                heads.Add(context.Keys.Head, verified);
            }
        }
        else
        {
            if (head.State != HeadState.Live)
            {
                throw Errors.NotFound(context.Name);
            }

            verified = await FindAsync(head, version, cancellation).ConfigureAwait(false);
            if (history)
            {
                await heads.AddHistoryAsync(head, cancellation).ConfigureAwait(false);
                await heads.AddPinsAsync(head.DatabaseId, cancellation).ConfigureAwait(false);
                heads.Add(context.Keys.Head, head);
            }
            else if (verified is not null)
            {
                heads.Add(context.Keys.Head, verified).FirstVersion = verified.Version;
            }

            await heads.CheckOwnPinsAsync(head.DatabaseId, cancellation).ConfigureAwait(false);
        }

        (objects, bytes) = (heads.Objects + 1, heads.Bytes + found.Content.Length);
        await CheckSegmentsAsync(heads.Segments, cancellation).ConfigureAwait(false);
        foreach (var source in heads.Sources)
        {
            Judge(source);
        }

        bool isWhole = verified is not null && await LookThroughAsync(verified, cancellation).ConfigureAwait(false);
        if (verified is not null && !isWhole && versions.TryGetValue(verified.Version, out var judged))
        {
            versions[verified.Version] = judged with { IsWhole = false };
        }

        if (head is not null)
        {
            await CheckNewestAsync(head, cancellation).ConfigureAwait(false);
            await ExcuseCollectedAsync(head, cancellation).ConfigureAwait(false);
        }

        return new Survey
        {
            Report = new VerificationReport
            {
                Database = context.Name,
                Version = head is null ? null : verified?.Version,
                Objects = objects,
                Bytes = bytes,
                Findings = findings.All,
                Notes = notes,
                Versions = [.. Runs(heads.Unreadable), .. snapshots],
            },
            Head = head,
            Survivors = survivors,
            Tag = found.Answer == ReadAnswer.Found ? found.Tag : null,
            Content = found.Content,
            Verified = verified,
            Segments = states,
            IsVerifiedWhole = isWhole,
            Whole = [.. versions.Where(each => each.Value.IsWhole).Select(each => (each.Key, each.Value.Source)).Concat(wholeSnapshots).OrderByDescending(each => each.Item1)],
        };
    }

    /// <summary>The head, or null and the bytes in which to look for what is left.</summary>
    private (Head? Head, ReadOnlyMemory<byte> Content) Decode(in ReadResult found)
    {
        if (found.Answer == ReadAnswer.Missing)
        {
            findings.Add(context.Keys.Head, null, "the head is missing");
            return (null, default);
        }

        try
        {
            var head = HeadCodec.Decode(found.Content, context.Keys.Head);
            foreach (var frame in head.Frames)
            {
                FrameCodec.Decode(frame, head.PageBytes, context.Keys.Head);
            }

            return (head, found.Content);
        }
        catch (DatabaseException e) when (e.Code == ErrorCodes.Damaged)
        {
            findings.Add(e, context.Keys.Head, null);
            return (null, found.Content);
        }
        catch (DatabaseException e) when (e.Code == ErrorCodes.TooNew)
        {
            // If it is right with a format version that is known here, only the version is damaged. Else it may well be too new: nobody here can judge it.
            for (byte format = 1; format <= Limits.HeadFormatVersion; format++)
            {
                byte[] content = found.Content.ToArray();
                (content[8], content[9]) = (format, 0);
                if (HeadCodec.DecodeIntact(content, context.Keys.Head) is not null)
                {
                    findings.Add(context.Keys.Head, 8, "its format version is damaged");
                    return (null, content);
                }
            }

            throw;
        }
    }

    private async Task<Head?> FindAsync(Head head, long? version, CancellationToken cancellation)
    {
        try
        {
            return version is { } wanted ? await new SavedHeads(context).FindAsync(head, wanted, cancellation).ConfigureAwait(false) : head;
        }
        catch (DatabaseException e) when (e.Kind == ErrorKind.Corrupt)
        {
            findings.Add(e, context.Keys.Head, null);
        }
        catch (DatabaseException e) when (e is { Code: ErrorCodes.VersionGone, InnerException: StoreException { Key: { } key } })
        {
            findings.AddMissing(key);
        }

        return null;
    }

    private async Task CheckSegmentsAsync(IReadOnlyDictionary<string, (SegmentEntry Entry, int PageBytes, string HeadKey)> segments, CancellationToken cancellation)
    {
        Dictionary<string, long> listed = [];
        foreach (string folder in segments.Values.Select(named => new DatabaseKeys(named.Entry.Home ?? context.Name).Segments).Distinct())
        {
            await foreach (var there in context.Store.ListAsync(folder, cancellation).ConfigureAwait(false))
            {
                listed[there.Key] = there.Bytes;
            }
        }

        var check = new SegmentCheck(context, findings);
        long total = segments.Values.Sum(named => named.Entry.ObjectBytes), done = 0;
        Queue<Task<(SegmentState State, long Bytes)>> under = new();
        foreach (var (key, named) in segments)
        {
            cancellation.ThrowIfCancellationRequested();
            under.Enqueue(check.RunAsync(named.Entry, named.PageBytes, named.HeadKey, listed.TryGetValue(key, out long size) ? size : null, cancellation));
            if (under.Count == AtOnce)
            {
                await TakeAsync().ConfigureAwait(false);
            }
        }

        while (under.Count > 0)
        {
            await TakeAsync().ConfigureAwait(false);
        }

        async Task TakeAsync()
        {
            var (state, read) = await under.Dequeue().ConfigureAwait(false);
            states[state.Key] = state;
            bytes += read;
            objects++;
            done += state.Entry.ObjectBytes;
            progress?.Report(new(done, total, "check"));
        }
    }

    private void Judge(VersionSource source)
    {
        uint? told = null;
        foreach (var (version, isWhole, nowhere, _, pages) in new VersionSurvey(source, StatesOf(source)).Run())
        {
            if (nowhere is { } page && told is null)
            {
                told = page;
                findings.Add(source.Key, null, $"no frame and no segment holds page {page} of the {pages} of version {version}", [new PageRange(page, page)]);
            }

            if (source.Snapshot is { } name)
            {
                snapshots.Add(new VerifiedVersions(version, version, DateTimeOffset.FromUnixTimeMilliseconds(source.LastTimeMs), isWhole, name));
                wholeSnapshots.AddRange(isWhole ? [(version, source)] : []);
            }
            else if (!versions.TryGetValue(version, out var known) || (isWhole && !known.IsWhole))
            {
                versions[version] = (isWhole, source.TimeOf(version), source);
            }
        }
    }

    private SegmentState?[] StatesOf(VersionSource source) => [.. source.Segments.Select(key => states.GetValueOrDefault(key))];

    /// <summary>Says to which tables lost pages belong, or else lets SQLite look through the version. Whether it is whole.</summary>
    private async Task<bool> LookThroughAsync(Head head, CancellationToken cancellation)
    {
        // Its segments are those of a source that was judged; the judgement is of all its pages.
        var source = VersionSource.Of(context, context.Keys.Head, head, new Findings());
        source.FirstVersion = head.Version;
        var segments = StatesOf(source);
        var (_, isWhole, nowhere, lost, pages) = new VersionSurvey(source, segments).Run().LastOrDefault((head.Version, false, null, new PageSet(0), 0));
        if (isWhole)
        {
            progress?.Report(new(0, (long)head.PageCount * head.PageBytes, "look through"));
            try
            {
                var (damage, more) = await new LogicalCheck(context, threads).RunAsync(head, cancellation).ConfigureAwait(false);
                notes.AddRange(more);
                foreach (string what in damage)
                {
                    findings.Add(context.Keys.Head, null, $"of version {head.Version}, {what}");
                }

                return damage.Count == 0;
            }
            catch (DatabaseException e) when (e is { Code: ErrorCodes.SnapshotTooOld, Object: { } key })
            {
                // It was there a moment ago.
                throw Collected(head, key);
            }
            catch (DatabaseException e) when (e.Kind == ErrorKind.Corrupt)
            {
                findings.Add(e, context.Keys.Head, null);
                return false;
            }
        }

        if (nowhere is { } gap)
        {
            lost.Add(gap);
        }

        var tables = new TablesOfPages(new VersionPages(context, head, segments), lost);
        await tables.RunAsync(cancellation).ConfigureAwait(false);
        findings.Name(ranges => tables.Of([.. ranges.Select(range => new PageRange(range.First, Math.Min(range.Last, pages)))]));
        return false;
    }

    /// <summary>
    /// A head that was put back from an older copy is whole in itself. But if a later one was saved beside it, there has been a later one. Only the two
    /// youngest objects are looked at: nothing is saved but heads and lists of them.
    /// </summary>
    private async Task CheckNewestAsync(Head head, CancellationToken cancellation)
    {
        List<ObjectInfo> youngest = [];
        await foreach (var listed in context.Store.ListAsync(context.Keys.Checkpoints, cancellation).ConfigureAwait(false))
        {
            youngest.Add(listed);
            if (youngest.Count > 64)
            {
                youngest = Youngest(youngest);
            }
        }

        foreach (var listed in Youngest(youngest))
        {
            var stored = await context.Retry.RunAsync(token => context.Store.ReadAsync(listed.Key, null, token), cancellation).ConfigureAwait(false);
            if (stored.Answer == ReadAnswer.Found && HeadCodec.DecodeIntact(stored.Content, listed.Key) is { } saved
                && saved.Head.DatabaseId == head.DatabaseId && saved.Version > head.Version)
            {
                // Others commit while this one reads. What they save was the head before, so by now it is that or a later one.
                var now = await new HeadReader(context).ReadAsync(cancellation).ConfigureAwait(false);
                if (now is { } there && there.Head.DatabaseId == head.DatabaseId && there.Head.Version < saved.Version)
                {
                    findings.Add(
                        context.Keys.Head, null,
                        $"it stands at version {there.Head.Version}, but version {saved.Version} has been there: {listed.Key} was saved of it. An older head was put in its place");
                    return;
                }
            }
        }
    }

    private static List<ObjectInfo> Youngest(List<ObjectInfo> listed) => [.. listed.OrderByDescending(each => each.Modified).Take(2)];

    /// <summary>
    /// What is missing may have been collected since the head was read: then nothing is lost, and what was being read is not kept any more.
    /// </summary>
    private async Task ExcuseCollectedAsync(Head head, CancellationToken cancellation)
    {
        if (findings.Missing.Count == 0)
        {
            return;
        }

        var now = await new HeadReader(context).ReadAsync(cancellation).ConfigureAwait(false);
        bool isReplaced = now is not { } there || there.Head.DatabaseId != head.DatabaseId || there.Head.State != HeadState.Live;
        if (isReplaced || now!.Value.Head.CollectionEpoch != head.CollectionEpoch)
        {
            var named = await NamedAsync(isReplaced ? null : now!.Value.Head, cancellation).ConfigureAwait(false);
            if (findings.Missing.FirstOrDefault(key => named?.Contains(key) == false) is { } collected)
            {
                throw Collected(head, collected);
            }
        }
    }

    private DatabaseException Collected(Head head, string key) => new(
        ErrorKind.Conflict,
        ErrorCodes.SnapshotTooOld,
        $"While '{context.Name}' was read at version {head.Version}, a collection took {key} away, which is not needed any more. That is no damage. Verify it again.")
    { Database = context.Name, Version = head.Version, Object = key };

    /// <summary>What is named now; null if that can't be told.</summary>
    private async Task<Maintenance.Reachable?> NamedAsync(Head? head, CancellationToken cancellation)
    {
        var named = new Maintenance.Reachable(context);
        try
        {
            if (head is not null)
            {
                await named.AddAsync(head, cancellation).ConfigureAwait(false);
                foreach (var (_, pin, _) in await Maintenance.Pins.ReadAllAsync(context, cancellation).ConfigureAwait(false))
                {
                    named.Add(pin);
                }
            }

            return named;
        }
        catch (DatabaseException)
        {
            return null;
        }
    }

    private IEnumerable<VerifiedVersions> Runs(IReadOnlyList<VerifiedVersions> unreadable)
    {
        List<VerifiedVersions> runs = [];
        var all = versions.Select(each => new VerifiedVersions(each.Key, each.Key, DateTimeOffset.FromUnixTimeMilliseconds(each.Value.TimeMs), each.Value.IsWhole, null))
            .Concat(unreadable.Where(each => each.Snapshot is null && each.First <= each.Last));
        foreach (var next in all.OrderBy(each => each.First))
        {
            if (runs is [.., var last] && last.IsWhole == next.IsWhole && next.First <= last.Last + 1)
            {
                runs[^1] = last with { Last = Math.Max(last.Last, next.Last), CommittedAt = next.CommittedAt };
            }
            else
            {
                runs.Add(next);
            }
        }

        return runs.Concat(unreadable.Where(each => each.Snapshot is not null));
    }
}
