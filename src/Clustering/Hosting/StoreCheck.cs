using Orleans;

namespace OrleansSqlite.Clustering.Hosting;

/// <summary>Opens a store when the host starts, so that a wrong setting is said then and not at first use.</summary>
internal sealed class StoreCheck(Func<OpenedStore> open) : IConfigurationValidator
{
    public void ValidateConfiguration() => open();
}
