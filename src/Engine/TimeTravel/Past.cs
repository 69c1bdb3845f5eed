using System.Runtime.CompilerServices;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;

namespace OrleansSqlite.TimeTravel;

/// <summary>Time travel: earlier versions of an open database, to read, and as a list.</summary>
internal sealed class Past(DatabaseContext context, HeadReader reader)
{
    private readonly SavedHeads saved = new(context);

    /// <summary>The head of an earlier version (or of the newest, for the other levels), as it stood then.</summary>
    /// <param name="newest">The newest head that is known here.</param>
    /// <param name="level">Which version.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.VersionGone"/>, <see cref="ErrorCodes.VersionNotReached"/>, or damage.</exception>
    public Task<Head> FindAsync(Head newest, ReadLevel level, CancellationToken cancellation) => level.Kind switch
    {
        ReadLevelKind.AtVersion => saved.FindAsync(newest, level.Version, cancellation),
        ReadLevelKind.AtTime => saved.FindAtAsync(newest, level.Time.ToUnixTimeMilliseconds(), cancellation),
        ReadLevelKind.AtSnapshot => FindSnapshotAsync(newest, level.Snapshot!, cancellation),
        _ => Task.FromResult(newest),
    };

    private async Task<Head> FindSnapshotAsync(Head newest, string name, CancellationToken cancellation)
    {
        string key = context.Keys.SnapshotPin(name);
        var found = await context.Retry.RunAsync(token => context.Store.ReadAsync(key, null, token), cancellation).ConfigureAwait(false);
        return found.Answer != Stores.ReadAnswer.Found || Pin.Decode(found.Content, key) is not { } pin || pin.DatabaseId != newest.DatabaseId ? throw Errors.NoSnapshot(context.Name, name)
            : pin.Kind == PinKind.Snapshot && pin.Name == name ? pin.Held
            : throw Corruption.Damaged(key, "it is another pin than the one that belongs there");
    }

    /// <summary>An earlier version, ready to be read. Its snapshot is the caller's.</summary>
    public async Task<DurableHead> PinAsync(DurableHead newest, ReadLevel level, CancellationToken cancellation)
    {
        var head = await FindAsync(newest.Head, level, cancellation).ConfigureAwait(false);
        if (head.Version == newest.Version)
        {
            newest.Snapshot.Share();
            return newest;
        }

        return reader.Load(head, default, null);
    }

    /// <summary>The versions that can be gone back to, newest first.</summary>
    /// <param name="newest">The newest head.</param>
    /// <param name="below">Only versions below this one.</param>
    /// <param name="cancellation">Stops it.</param>
    public async IAsyncEnumerable<VersionDescription> ListAsync(Head newest, long below, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var version in Describe(newest, below))
        {
            below = version.Version;
            yield return version;
        }

        await foreach (var entry in saved.EntriesAsync(newest, below, cancellation).ConfigureAwait(false))
        {
            foreach (var version in Describe(await saved.ReadAsync(entry, newest, cancellation).ConfigureAwait(false), below))
            {
                below = version.Version;
                yield return version;
            }
        }
    }

    private IEnumerable<VersionDescription> Describe(Head head, long below)
    {
        for (long version = Math.Min(head.Version, below - 1); version >= Math.Max(1, head.FirstReadableVersion); version--)
        {
            var past = PastHead.At(head, version);
            var frame = past.Frames is [.., var last] ? last : null;
            if (frame is null && version < head.Version)
            {
                // The state below the frames: the commit itself stands in an older saved head, if any is left, with more to say of it.
                if (head.History is { Checkpoints: [.., var before] } && before.LastVersion >= version)
                {
                    yield break;
                }
            }

            yield return new VersionDescription(
                version,
                DateTimeOffset.FromUnixTimeMilliseconds(PastHead.TimeOf(past)),
                (long)past.PageCount * past.PageBytes,
                frame?.Images,
                frame?.Bytes.Length,
                frame is null ? null : FrameCodec.Tables(frame, past.PageBytes, context.Keys.Head));
        }
    }
}
