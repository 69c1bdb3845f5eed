using Orleans.Runtime;
using Orleans.Storage;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Clustering.GrainState;

/// <summary>The failures of one state, worded once: the grain, the store, the object, and what to do.</summary>
internal sealed class GrainErrors(string stateName, GrainId grain, string storeUrl, string key)
{
    private string Which => $"The state '{stateName}' of grain {grain} (store {storeUrl}, object {key})";

    public InconsistentStateException Inconsistent(ETag? stored, string? current) => new(
        $"{Which} is not the one that this activation has read: somebody else has written it. Read it again and repeat the change.",
        stored?.Value ?? "none",
        string.IsNullOrEmpty(current) ? "none" : current);

    public InconsistentStateException InconsistentAfterDoubt(ETag? stored, string? current) => new(
        $"{Which} was written by somebody else, and the store's answer to this activation's own write did not arrive: that write is gone, "
        + "or the other one came after it. Read the state again, and see whether the change is still to be made.",
        stored?.Value ?? "none",
        string.IsNullOrEmpty(current) ? "none" : current);

    public OrleansException Unreadable(StoreException error) => new($"{Which} can't be read{(error.IsTransient ? " now: try again later" : "")}. {error.Message}", error);

    public OrleansException NotWritten(StoreException? error) =>
        error is null ? new($"{Which} was not written: the store was busy for too long. Try again later.") : new($"{Which} was not written. {error.Message}", error);

    public OrleansException InDoubt(Exception? error)
    {
        string message = $"{Which} may or may not have been written: the store's answer did not arrive, and what became of the write could not be found out. "
            + "Read the state again before the change is repeated.";
        return error is null ? new(message) : new($"{message} {error.Message}", error);
    }

    public OrleansException Corrupt(InvalidDataException error) => new(
        $"{Which} can't be understood: {error.Message}. If it was written by a newer version, update this one; if it is damaged, put back an older version of the object, or delete it to start over.", error);
}
