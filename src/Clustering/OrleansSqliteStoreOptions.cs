using Orleans.Runtime;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Clustering;

/// <summary>Which store, and how long to try. Either <see cref="StoreUrl"/> or <see cref="OpenStore"/> must be set.</summary>
public abstract class OrleansSqliteStoreOptions
{
    /// <summary>The store as its URL: <c>s3://bucket/prefix</c>, <c>file:path</c> or <c>memory:name</c>. It is opened at start and closed with the host.</summary>
    public string? StoreUrl { get; set; }

    /// <summary>Gives the store. It remains the caller's: it is not closed with the host.</summary>
    public Func<IServiceProvider, IObjectStore>? OpenStore { get; set; }

    /// <summary>Whether a silo finds out at start, with eighteen small requests, that the store honours conditions. Default: yes.</summary>
    public bool ProbeStore { get; set; } = true;

    /// <summary>How long one operation is tried again while the store does not answer or others are faster. Default: 10 seconds.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Checks the settings.</summary>
    /// <exception cref="OrleansConfigurationException">One is missing or makes no sense.</exception>
    internal void Validate(string whose)
    {
        if (string.IsNullOrWhiteSpace(StoreUrl) == OpenStore is null)
        {
            throw new OrleansConfigurationException(
                $"{whose} needs a store: set either {nameof(StoreUrl)}, for instance to \"s3://bucket/prefix\", or {nameof(OpenStore)}, and not both.");
        }

        if (Patience <= TimeSpan.Zero || Patience > TimeSpan.FromHours(1))
        {
            throw new OrleansConfigurationException($"{whose}: {nameof(Patience)} is {Patience}. Set it to more than zero and at most an hour.");
        }
    }
}
