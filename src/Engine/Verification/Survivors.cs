using System.Buffers.Binary;
using System.Collections.Immutable;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Verification;

/// <summary>
/// What is left of a database whose head can't be read. Heads that were saved lie beside it, each of them a state that once was the newest; which are
/// still named nobody can say. And each frame in the damaged head has a checksum of its own: those that are whole go on top.
/// </summary>
internal sealed class Survivors
{
    private static readonly byte[] ListMagic = "OSQLITEC"u8.ToArray();

    private Survivors(Guid databaseId, Head line, long newest, ulong epoch)
    {
        DatabaseId = databaseId;
        Line = line;
        NewestVersion = newest;
        NewestEpoch = epoch;
    }

    /// <summary>The database's id.</summary>
    public Guid DatabaseId { get; }

    /// <summary>The newest state that can be put together. Its history is that of the head that it stands on.</summary>
    public Head Line { get; }

    /// <summary>The highest version that anything tells of.</summary>
    public long NewestVersion { get; }

    /// <summary>The highest collection epoch likewise.</summary>
    public ulong NewestEpoch { get; }

    /// <summary>Looks for them, and takes those of the database in.</summary>
    /// <param name="context">The database.</param>
    /// <param name="content">The bytes of the damaged head; empty if it is missing.</param>
    /// <param name="heads">Where they are taken in.</param>
    /// <param name="findings">Where what is damaged, too, is told.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>Null if there is nothing.</returns>
    public static async Task<Survivors?> FindAsync(
        DatabaseContext context, ReadOnlyMemory<byte> content, RetainedHeads heads, Findings findings, CancellationToken cancellation)
    {
        var intact = HeadCodec.DecodeIntact(content, context.Keys.Head);
        Dictionary<Guid, (Head Newest, ulong Epoch)> found = [];
        await foreach (var listed in context.Store.ListAsync(context.Keys.Checkpoints, cancellation).ConfigureAwait(false))
        {
            if (await TryReadAsync(context, listed.Key, findings, cancellation).ConfigureAwait(false) is { } saved)
            {
                var known = found.TryGetValue(saved.DatabaseId, out var earlier) ? earlier : (Newest: saved, Epoch: 0);
                found[saved.DatabaseId] = (saved.Version >= known.Newest.Version ? saved : known.Newest, Math.Max(known.Epoch, saved.CollectionEpoch));
                heads.Add(listed.Key, saved);
            }
        }

        if (IdOf(context, content, intact?.Head, [.. found.Keys]) is not { } id)
        {
            return null;
        }

        heads.KeepOnly(id);
        await heads.AddPinsAsync(id, cancellation).ConfigureAwait(false);
        var saw = found.TryGetValue(id, out var newest) ? newest.Newest : null;
        var line = intact is { } own && own.Head.State == HeadState.Live && own.Head.Version >= (saw?.Version ?? 0) ? own.Head
            : saw is not null ? Extended(saw, FramesIn(content, saw.PageBytes, context.Keys.Head))
            : FromNothing(content, id, context.Keys.Head);
        if (line is null)
        {
            return null;
        }

        long highest = Math.Max(line.Version, Math.Max(saw?.Version ?? 0, intact?.Version ?? 0));
        return new Survivors(id, line, highest, Math.Max(newest.Epoch, line.CollectionEpoch));
    }

    private static async Task<Head?> TryReadAsync(DatabaseContext context, string key, Findings findings, CancellationToken cancellation)
    {
        var stored = await context.Retry.RunAsync(token => context.Store.ReadAsync(key, null, token), cancellation).ConfigureAwait(false);
        if (stored.Answer != ReadAnswer.Found || stored.Content.Span.StartsWith(ListMagic))
        {
            return null;
        }

        try
        {
            return HeadCodec.Decode(stored.Content, key);
        }
        catch (DatabaseException e)
        {
            findings.Add(e, key, null);
            return null;
        }
    }

    /// <summary>
    /// Which database it is. Saved heads of one that was deleted under the same name may lie there, too: the damaged head's own bytes decide. If they
    /// don't tell, it must be the only one.
    /// </summary>
    private static Guid? IdOf(DatabaseContext context, ReadOnlyMemory<byte> content, Head? intact, Guid[] saved)
    {
        Guid? stated = intact?.DatabaseId ?? (content.Length >= 32 ? new Guid(content.Span.Slice(16, 16), bigEndian: true) : null);
        return intact is not null || saved.Length == 0 || saved.Contains(stated ?? default) ? stated
            : saved.Length == 1 ? saved[0]
            : throw Corruption.Damaged(
                context.Keys.Head,
                $"it does not tell which of {saved.Length} databases it is of that had this name one after the other, and whose saved heads lie beside it");
    }

    /// <summary>Every whole frame in the bytes, wherever it begins, by its version.</summary>
    private static SortedDictionary<long, EncodedFrame> FramesIn(ReadOnlyMemory<byte> content, int pageBytes, string key)
    {
        SortedDictionary<long, EncodedFrame> frames = [];
        for (int at = 0; at + FrameCodec.MinBytes <= content.Length; at++)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(content.Span[at..]);
            long version = BinaryPrimitives.ReadInt64LittleEndian(content.Span[(at + 4)..]);
            if (length < FrameCodec.MinBytes || length > content.Length - at || version is < 1 or > Limits.MaxVersion)
            {
                continue;
            }

            try
            {
                var frame = FrameCodec.Read(content[at..], pageBytes, key);
                FrameCodec.Decode(frame, pageBytes, key);
                frames[frame.Version] = frame;
                at += frame.Bytes.Length - 1;
            }
            catch (DatabaseException)
            {
                // It only looked like one.
            }
        }

        return frames;
    }

    /// <summary>A young database has no saved head yet: all there is stands in the frames, from the first commit on.</summary>
    private static Head? FromNothing(ReadOnlyMemory<byte> content, Guid databaseId, string key)
    {
        for (int pageBytes = 512; pageBytes <= 65536; pageBytes *= 2)
        {
            var frames = FramesIn(content, pageBytes, key);
            if (frames.TryGetValue(1, out var first))
            {
                var empty = new Head
                {
                    DatabaseId = databaseId,
                    State = HeadState.Live,
                    Version = 0,
                    SwapId = default,
                    CollectionEpoch = 0,
                    TimeMs = first.TimeMs,
                    PageBytes = pageBytes,
                    PageCount = 0,
                    Recent = [],
                    Segments = [],
                    Frames = [],
                    History = new HeadHistory { BasePageCount = 0 },
                };
                return Extended(empty, frames) is { Version: > 0 } line ? line : null;
            }
        }

        return null;
    }

    /// <summary>A saved head with the frames that follow it: what it was saved for is in its segments and frames, and these go on from there.</summary>
    private static Head Extended(Head saved, SortedDictionary<long, EncodedFrame> frames)
    {
        // A frame of a version that both have must be the same commit: else these frames are of another database.
        bool agrees = saved.Frames.All(frame => !frames.TryGetValue(frame.Version, out var there) || there.Id == frame.Id);
        var next = ImmutableArray.CreateBuilder<EncodedFrame>();
        while (agrees && frames.TryGetValue(saved.Version + next.Count + 1, out var frame))
        {
            next.Add(frame);
        }

        var extended = saved with
        {
            Version = saved.Version + next.Count,
            PageCount = next.Count > 0 ? next[^1].PageCount : saved.PageCount,
            Frames = [.. saved.Frames, .. next],
            Recent = [.. saved.Recent.Concat(next.Select(frame => new CommitRecord(frame.Id, frame.TimeMs))).TakeLast(Head.MaxRecent)],
            History = saved.Frames.IsEmpty && saved.History is not null ? saved.History with { BasePageCount = saved.PageCount } : saved.History,
        };
        return HeadCodec.Check(extended) is null ? extended : saved;
    }
}
