using Orleans.Runtime;
using Orleans.Storage;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Clustering.GrainState;

/// <summary>Reads and replaces the object of one state, and finds out what became of a write whose answer did not arrive.</summary>
internal sealed class StateObject(OpenedStore opened, string serviceId, string stateName, GrainId grain)
{
    private readonly IObjectStore store = opened.Store;
    private readonly string key = GrainKey.Of(serviceId, stateName, grain);
    private readonly GrainErrors errors = new(stateName, grain, opened.Store.Url, GrainKey.Of(serviceId, stateName, grain));

    /// <summary>The state with its tag, or null if nothing was ever written.</summary>
    /// <exception cref="OrleansException">It can't be read, or is damaged.</exception>
    public Task<(GrainRecord Record, ETag Tag)?> ReadAsync() => ReadAsync(opened.Begin());

    /// <summary>Clears a state of which the caller believes that there is none: that needs no write. The tag of what was cleared before, if anything was.</summary>
    /// <exception cref="InconsistentStateException">There is one.</exception>
    public async Task<string?> ClearNothingAsync() => await ReadAsync() switch
    {
        null => null,
        { Record.Exists: true } found => throw errors.Inconsistent(found.Tag, null),
        { } cleared => cleared.Tag.Value,
    };

    /// <summary>Replaces the object if it is still the one with that tag, or makes it if the tag is null.</summary>
    /// <returns>The new object's tag.</returns>
    /// <exception cref="InconsistentStateException">It is another.</exception>
    /// <exception cref="OrleansException">It could not be replaced, or what became of the write is not known; the message says which.</exception>
    public async Task<string> ReplaceAsync(string? etag, bool exists, ReadOnlyMemory<byte> state)
    {
        ETag? expected = string.IsNullOrEmpty(etag) ? null : new ETag(etag);
        var record = new GrainRecord(opened.NewId(), exists, state);
        byte[] content = record.Encode();
        var attempts = opened.Begin();
        bool inDoubt = false;
        StoreException? error = null;
        do
        {
            try
            {
                var result = await store.SwapAsync(key, content, expected, CancellationToken.None);
                if (result.Answer == SwapAnswer.Done)
                {
                    return result.Tag.Value;
                }

                // 409: nobody was first. But if something on the way repeated the request, this may be the answer to the twin of one that
                // was applied, or is about to be: whatever answer follows, only the object can tell.
                inDoubt |= result.Answer == SwapAnswer.Busy;
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

            var found = await ReadBackAsync(attempts);
            if (found?.Record.WriteId == record.WriteId)
            {
                // Landed: the answer was lost on its way, or refused what something on the way had sent twice.
                return found.Value.Tag.Value;
            }

            if (found?.Tag != expected)
            {
                throw inDoubt ? errors.InconsistentAfterDoubt(found?.Tag, etag) : errors.Inconsistent(found?.Tag, etag);
            }

            // Nobody has written: ours is lost or on its way. The same on the same condition can't land twice.
        }
        while (await attempts.AgainAsync());

        throw inDoubt ? errors.InDoubt(error) : errors.NotWritten(null);
    }

    private async Task<(GrainRecord Record, ETag Tag)?> ReadBackAsync(Attempts attempts)
    {
        try
        {
            return await ReadAsync(attempts);
        }
        catch (OrleansException e)
        {
            throw errors.InDoubt(e);
        }
    }

    private async Task<(GrainRecord Record, ETag Tag)?> ReadAsync(Attempts attempts)
    {
        while (true)
        {
            try
            {
                var found = await store.ReadAsync(key, null, CancellationToken.None);
                return found.Answer == ReadAnswer.Missing ? null : (GrainRecord.Decode(found.Content), found.Tag);
            }
            catch (InvalidDataException e)
            {
                throw errors.Corrupt(e);
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
}
