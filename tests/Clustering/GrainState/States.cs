using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;
using OrleansSqlite.Clustering.GrainState;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.GrainState;

/// <summary>A state of a grain in tests.</summary>
[GenerateSerializer]
public sealed class Note
{
    [Id(0)]
    public string Text { get; set; } = "nothing yet";
}

/// <summary>Storages and states for tests.</summary>
internal static class States
{
    private static readonly ServiceProvider Services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    /// <summary>An activation's own view of the states in a store.</summary>
    public static StoredGrainStorage On(IObjectStore store, string service = "Service", TimeProvider? time = null, ulong? seed = null, TimeSpan? patience = null) => new(
        "test",
        Opened.Of(store, time, seed, patience),
        new OrleansGrainStorageSerializer(Services.GetRequiredService<Serializer>()),
        Services.GetRequiredService<IActivatorProvider>(),
        Options.Create(new ClusterOptions { ServiceId = service }));

    public static GrainId Grain(string key) => GrainId.Create("note", key);

    public static GrainState<Note> New(string text = "") => new(new Note { Text = text });

    public static async Task<GrainState<Note>> ReadAsync(this IGrainStorage storage, string key)
    {
        var state = New("left from before");
        await storage.ReadStateAsync("state", Grain(key), state);
        return state;
    }

    public static Task WriteAsync(this IGrainStorage storage, string key, GrainState<Note> state, string text)
    {
        state.State = new Note { Text = text };
        return storage.WriteStateAsync("state", Grain(key), state);
    }

    public static Task ClearAsync(this IGrainStorage storage, string key, GrainState<Note> state) => storage.ClearStateAsync("state", Grain(key), state);
}
