using Orleans.Runtime;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Clustering.Membership;

/// <summary>The failures of a cluster's membership, worded once: the cluster, the store, the object, and what to do.</summary>
internal sealed class MembersErrors(string clusterId, string storeUrl, string key)
{
    public OrleansException Unsafe(StoreException error) => Make($"can't be kept in its store. {error.Message}", error);

    public OrleansException Unreadable(StoreException error) =>
        Make(error.IsTransient ? $"can't be read now; it is tried again. {error.Message}" : $"can't be read. {error.Message}", error);

    public OrleansException NotWritten(StoreException? error) => Make(
        error is null ? "could not be written for a while, because others were faster or the store was busy. It was not changed; it is tried again." : $"was not changed. {error.Message}", error);

    public OrleansException InDoubt(Exception? error) => Make(
        "may or may not have been changed: the store's answer did not arrive, and what became of the write could not be found out. "
        + $"Orleans reads the table again and goes on from there.{(error is null ? "" : $" {error.Message}")}",
        error);

    public OrleansException Foreign(int format) => Make(
        $"is in format {format}, and this version of OrleansSqlite.Clustering knows format {MembersDocument.CurrentFormat}. Update it on all silos and clients.");

    public OrleansException OtherCluster(string other) => Make($"belongs to the cluster '{other}'. Somebody has copied objects: give this cluster an id or a store of its own.");

    public OrleansException Corrupt(Exception error) => Make(
        $"is damaged: {error.Message} Stop the silos of the cluster, delete the object, and start them again: it holds nothing but the list of silos that run.", error);

    private OrleansException Make(string what, Exception? inner = null)
    {
        string message = $"The membership of cluster '{clusterId}' (store {storeUrl}, object {key}) {what}";
        return inner is null ? new OrleansException(message) : new OrleansException(message, inner);
    }
}
