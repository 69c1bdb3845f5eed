using Orleans.Runtime;

namespace OrleansSqlite.Clustering.GrainState;

/// <summary>The key of a state: <c>_grains/service/state/grain type/grain key</c>. The name of the provider is not in it, so that it may change.</summary>
internal static class GrainKey
{
    public static string Of(string serviceId, string stateName, GrainId grain) =>
        $"_grains/{KeyPart.Of(serviceId)}/{KeyPart.Of(stateName)}/{KeyPart.Of(grain.Type.AsSpan())}/{KeyPart.Of(grain.Key.AsSpan())}";
}
