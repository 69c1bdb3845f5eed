using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server;

/// <summary>An endpoint wants this right on the database in its path; if there is none in it, a token that is taken.</summary>
internal sealed record RightRequirement(DatabaseRight Right) : IAuthorizationRequirement;

/// <summary>Judges <see cref="RightRequirement"/> for ASP.NET Core's authorization.</summary>
internal sealed class RightHandler(DatabaseAccess access) : AuthorizationHandler<RightRequirement>
{
    /// <inheritdoc/>
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RightRequirement requirement)
    {
        if (context.Resource is HttpContext http
            && (http.Request.RouteValues["database"] is not string database || access.Allows(context.User, database, requirement.Right)))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}

internal static class RightRequirementExtensions
{
    /// <summary>Asks for a right on the database in the path of an endpoint, if there is a login.</summary>
    public static TBuilder Wants<TBuilder>(this TBuilder endpoint, DatabaseRight right, DatabaseAccess access)
        where TBuilder : IEndpointConventionBuilder
    {
        if (access.IsOn)
        {
            var requirement = new RightRequirement(right);
            endpoint.RequireAuthorization(new AuthorizationPolicyBuilder(BearerHandler.Name).RequireAuthenticatedUser().AddRequirements(requirement).Build());
            endpoint.WithMetadata(requirement);
        }

        return endpoint;
    }
}
