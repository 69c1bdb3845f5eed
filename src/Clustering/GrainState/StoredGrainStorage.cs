using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Clustering.GrainState;

/// <summary>
/// The state of grains, each in an object of its own, which is replaced only if it is still the one that the activation has read. A
/// state that is cleared leaves a few bytes: a store can't delete on a condition.
/// </summary>
internal sealed class StoredGrainStorage(
    string name, OpenedStore opened, IGrainStorageSerializer serializer, IActivatorProvider activators, IOptions<ClusterOptions> cluster)
    : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    private readonly string serviceId = cluster.Value.ServiceId;

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        var found = await Object(stateName, grainId).ReadAsync();
        grainState.RecordExists = found is { Record.Exists: true };
        grainState.ETag = found?.Tag.Value;
        grainState.State = (grainState.RecordExists ? serializer.Deserialize<T>(new BinaryData(found!.Value.Record.State)) : default) ?? New<T>();
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        var state = serializer.Serialize(grainState.State).ToMemory();
        grainState.ETag = await Object(stateName, grainId).ReplaceAsync(grainState.ETag, exists: true, state);
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        ArgumentNullException.ThrowIfNull(grainState);
        var there = Object(stateName, grainId);
        grainState.ETag = string.IsNullOrEmpty(grainState.ETag) ? await there.ClearNothingAsync() : await there.ReplaceAsync(grainState.ETag, exists: false, default);
        grainState.RecordExists = false;
        grainState.State = New<T>();
    }

    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe<StoredGrainStorage>(ServiceLifecycleStage.ApplicationServices, StartAsync);

    private async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await opened.ProbeAsync(cancellation);
        }
        catch (StoreException e)
        {
            throw new OrleansException($"The grain storage '{name}' can't use its store. {e.Message}", e);
        }
    }

    private StateObject Object(string stateName, GrainId grain) => new(opened, serviceId, stateName, grain);

    private T New<T>() => activators.GetActivator<T>().Create();
}
