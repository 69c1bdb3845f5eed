using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime;

namespace OrleansSqlite.Clustering.Membership;

/// <summary>Tells clients which silos take calls. Only ever reads.</summary>
internal sealed class StoredGateways(OpenedStore opened, IOptions<ClusterOptions> cluster, IOptions<GatewayOptions> gateways) : IGatewayListProvider
{
    private readonly MembersObject members = new(opened, cluster.Value.ClusterId);

    public TimeSpan MaxStaleness => gateways.Value.GatewayListRefreshPeriod;

    [Obsolete("All are.")]
    public bool IsUpdatable => true;

    /// <summary>Nothing to do: the first look at the list says what is wrong with the store.</summary>
    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    public async Task<IList<Uri>> GetGateways()
    {
        var table = await members.ReadAsync();
        return [.. table.Members.Where(row => row.Status == SiloStatus.Active && row.ProxyPort > 0).Select(Gateway)];
    }

    private static Uri Gateway(Member row)
    {
        var silo = SiloAddress.FromParsableString(row.Silo);
        return SiloAddress.New(silo.Endpoint.Address, row.ProxyPort, silo.Generation).ToGatewayUri();
    }
}
