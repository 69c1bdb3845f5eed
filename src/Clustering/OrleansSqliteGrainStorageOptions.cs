using Orleans.Storage;

namespace OrleansSqlite.Clustering;

/// <summary>Where and how the state of grains is kept.</summary>
public sealed class OrleansSqliteGrainStorageOptions : OrleansSqliteStoreOptions, IStorageProviderSerializerOptions
{
    /// <summary>Makes bytes of a state. Default: the serializer that is registered under the storage's name, or Orleans' default, which is JSON.</summary>
    public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;
}
