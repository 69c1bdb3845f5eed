using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace OrleansSqlite.Server.Hrana;

/// <summary>Marks an endpoint for WebSockets, at an address that another one serves for all else.</summary>
internal sealed class SocketOnly
{
    /// <summary>Tells the two apart, so that each can ask for an authorization of its own.</summary>
    internal sealed class Policy : MatcherPolicy, IEndpointSelectorPolicy
    {
        public override int Order => 0;

        public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(IsMarked);

        public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
        {
            bool isSocket = httpContext.Request.Headers.Upgrade.Any(protocol => string.Equals(protocol, "websocket", StringComparison.OrdinalIgnoreCase));
            for (int i = 0; i < candidates.Count; i++)
            {
                if (candidates.IsValidCandidate(i) && IsMarked(candidates[i].Endpoint) != isSocket)
                {
                    candidates.SetValidity(i, false);
                }
            }

            return Task.CompletedTask;
        }

        private static bool IsMarked(Endpoint endpoint) => endpoint.Metadata.GetMetadata<SocketOnly>() is not null;
    }
}
