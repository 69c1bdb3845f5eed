using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Clustering;

/// <summary>A store as the options name it, with what goes with each operation on it. Closed with the host if it was opened here.</summary>
internal sealed class OpenedStore : IAsyncDisposable, IDisposable
{
    private readonly bool owned;
    private readonly bool probe;
    private readonly TimeProvider time;
    private readonly Entropy entropy;
    private readonly TimeSpan patience;

    /// <summary>Opens the store.</summary>
    /// <exception cref="OrleansConfigurationException">A setting is wrong, or the store can't be opened.</exception>
    public OpenedStore(OrleansSqliteStoreOptions options, IServiceProvider services, string whose)
    {
        options.Validate(whose);
        time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        entropy = services.GetService<Entropy>() ?? Entropy.System;
        patience = options.Patience;
        probe = options.ProbeStore;
        owned = options.OpenStore is null;
        try
        {
            Store = options.OpenStore?.Invoke(services) ?? ObjectStores.Open(options.StoreUrl!, time, entropy);
        }
        catch (StoreException error)
        {
            throw new OrleansConfigurationException($"{whose} can't open its store. {error.Message}", error);
        }
    }

    public IObjectStore Store { get; }

    /// <summary>128 random bits.</summary>
    public UInt128 NewId() => entropy.Next128();

    /// <summary>The attempts of an operation that begins now.</summary>
    public Attempts Begin() => new(time, entropy, patience);

    /// <summary>Refuses a store that does not honour conditions, unless the options say not to look.</summary>
    /// <exception cref="StoreException">The store is not safe, or can't be used.</exception>
    public Task ProbeAsync(CancellationToken cancellation) => probe ? StoreProbe.RunAsync(Store, time, entropy, cancellation) : Task.CompletedTask;

    public ValueTask DisposeAsync() => owned ? Store.DisposeAsync() : ValueTask.CompletedTask;

    /// <summary>For containers that are disposed of without waiting. No store waits for anything when it is closed.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}
