using Microsoft.Extensions.DependencyInjection;
using OrleansSqlite.Clustering;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests;

/// <summary>Stores as the providers hold them.</summary>
internal static class Opened
{
    /// <summary>A store without a probe, so that tests count and spoil only what they mean to.</summary>
    public static OpenedStore Of(IObjectStore store, TimeProvider? time = null, ulong? seed = null, TimeSpan? patience = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddSingleton(seed is null ? Entropy.System : new Entropy(seed.Value));
        var options = new OrleansSqliteClusteringOptions { OpenStore = _ => store, ProbeStore = false, Patience = patience ?? TimeSpan.FromSeconds(30) };
        return new OpenedStore(options, services.BuildServiceProvider(), "A test");
    }
}
