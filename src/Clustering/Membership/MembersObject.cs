using System.Text.Json;
using Orleans.Runtime;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Clustering.Membership;

/// <summary>A change that was not made, because the table is such that it must not be, or need not be.</summary>
/// <param name="Found">The table.</param>
/// <param name="InDoubt">Whether an attempt was sent before that, of which the store did not say that it was not applied.</param>
internal sealed record Refusal(MembersDocument Found, bool InDoubt);

/// <summary>
/// Reads and replaces the one object of a cluster. Each attempt of a change begins with a read, which also tells what became of the
/// attempt before it: an answer that did not arrive is never taken for a failure.
/// </summary>
internal sealed class MembersObject(OpenedStore opened, string clusterId)
{
    private readonly IObjectStore store = opened.Store;
    private readonly string key = $"_cluster/{KeyPart.Of(clusterId)}/members";
    private readonly MembersErrors errors = new(clusterId, opened.Store.Url, $"_cluster/{KeyPart.Of(clusterId)}/members");
    private volatile State? latest;

    public MembersErrors Errors => errors;

    /// <summary>The table as it is now. One request, which transfers nothing if the table is the one that was seen last.</summary>
    /// <exception cref="OrleansException">It can't be read, or is damaged.</exception>
    public async Task<MembersDocument> ReadAsync() => (await ReadAsync(opened.Begin())).Document;

    /// <summary>Replaces the table by what <paramref name="change"/> makes of it, which may be called several times.</summary>
    /// <returns>Nothing if the table was replaced, or why <paramref name="change"/> gave null.</returns>
    /// <exception cref="OrleansException">It could not be replaced, or what became of the write is not known; the message says which.</exception>
    public async Task<Refusal?> ChangeAsync(Func<MembersDocument, MembersDocument?> change)
    {
        var attempts = opened.Begin();
        bool inDoubt = false;
        ETag? sentOn = null;
        StoreException? error = null;
        for (bool more = true; ; more = await attempts.AgainAsync())
        {
            var current = await ReadBeforeAsync(attempts, inDoubt);
            if (change(current.Document) is not { } next)
            {
                return new Refusal(current.Document, inDoubt);
            }

            // Still to be made, so no attempt has landed. And as soon as another object stands there, none can any more.
            inDoubt &= current.Tag == sentOn;
            if (!more)
            {
                throw inDoubt ? errors.InDoubt(error) : errors.NotWritten(error);
            }

            sentOn = current.Tag;
            next = next with { WriteId = opened.NewId().ToString("x32", null) };
            try
            {
                var result = await store.SwapAsync(key, MembersCodec.Encode(next), current.Tag, CancellationToken.None);
                if (result.Answer == SwapAnswer.Done)
                {
                    latest = new State(next, result.Tag);
                    return null;
                }

                // Somebody was faster, or is under way. Or it is our own write that something on the way sent twice, and this is the answer
                // to its twin: the next read tells.
                inDoubt = true;
            }
            catch (StoreException e) when (e.IsTransient)
            {
                error = e;
                inDoubt = true;
            }
            catch (StoreException e)
            {
                throw inDoubt ? errors.InDoubt(e) : errors.NotWritten(e);
            }
        }
    }

    private async Task<State> ReadBeforeAsync(Attempts attempts, bool inDoubt)
    {
        try
        {
            return await ReadAsync(attempts);
        }
        catch (OrleansException e) when (inDoubt)
        {
            throw errors.InDoubt(e);
        }
    }

    private async Task<State> ReadAsync(Attempts attempts)
    {
        while (true)
        {
            var seen = latest;
            try
            {
                var found = await store.ReadAsync(key, seen?.Tag, CancellationToken.None);
                return found.Answer switch
                {
                    ReadAnswer.NotModified => seen!,
                    ReadAnswer.Missing => new State(MembersDocument.Empty(clusterId), null),
                    _ => latest = new State(Decode(found.Content), found.Tag),
                };
            }
            catch (StoreException e)
            {
                if (!e.IsTransient || !await attempts.AgainAsync())
                {
                    throw errors.Unreadable(e);
                }
            }
        }
    }

    private MembersDocument Decode(ReadOnlyMemory<byte> content)
    {
        try
        {
            if (MembersCodec.FormatOf(content.Span) is var format && format != MembersDocument.CurrentFormat)
            {
                throw errors.Foreign(format);
            }

            var document = MembersCodec.Decode(content.Span);
            return document.ClusterId == clusterId ? document : throw errors.OtherCluster(document.ClusterId);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw errors.Corrupt(e);
        }
    }

    private sealed record State(MembersDocument Document, ETag? Tag);
}
