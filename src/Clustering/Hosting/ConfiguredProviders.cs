using Microsoft.Extensions.Configuration;
using Orleans;
using Orleans.Hosting;
using Orleans.Providers;
using OrleansSqlite.Clustering.Hosting;

[assembly: RegisterProvider("OrleansSqlite", "Clustering", "Silo", typeof(ConfiguredClustering))]
[assembly: RegisterProvider("OrleansSqlite", "Clustering", "Client", typeof(ConfiguredClustering))]
[assembly: RegisterProvider("OrleansSqlite", "GrainStorage", "Silo", typeof(ConfiguredGrainStorage))]

namespace OrleansSqlite.Clustering.Hosting;

/// <summary>Clustering by configuration alone: <c>Orleans:Clustering:ProviderType</c> is <c>OrleansSqlite</c>.</summary>
internal sealed class ConfiguredClustering : IProviderBuilder<ISiloBuilder>, IProviderBuilder<IClientBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.UseOrleansSqliteClustering(options => configurationSection.Apply(options));

    public void Configure(IClientBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.UseOrleansSqliteClustering(options => configurationSection.Apply(options));
}

/// <summary>Grain storage by configuration alone: <c>Orleans:GrainStorage:name:ProviderType</c> is <c>OrleansSqlite</c>.</summary>
internal sealed class ConfiguredGrainStorage : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.AddOrleansSqliteGrainStorage(name!, options => configurationSection.Apply(options));
}

/// <summary>The settings of a section.</summary>
internal static class ConfiguredStore
{
    public static void Apply(this IConfigurationSection section, OrleansSqliteStoreOptions options)
    {
        options.StoreUrl = section[nameof(options.StoreUrl)] ?? options.StoreUrl;
        options.ProbeStore = section.GetValue(nameof(options.ProbeStore), options.ProbeStore);
        options.Patience = section.GetValue(nameof(options.Patience), options.Patience);
    }
}
