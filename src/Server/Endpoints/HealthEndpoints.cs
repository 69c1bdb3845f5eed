using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server;

/// <summary>Whether the process lives, and whether its store answers.</summary>
internal sealed class HealthEndpoints(
    IDatabaseCatalog catalog, IOptions<OrleansSqliteServerOptions> options, TimeProvider time, ILogger<HealthEndpoints> logger)
{
    /// <summary>A name that need not exist: that there is no such database is an answer of the store, too, and costs one GET.</summary>
    private const string Probe = "health-ready";

    /// <summary>Never asks the store: a store that is away is no reason to restart the process.</summary>
    public static Task LiveAsync(HttpContext context) =>
        Answer.JsonAsync(context, new("live"), WireJson.Default.HealthMessage);

    public async Task ReadyAsync(HttpContext context)
    {
        using var limit = new CancellationTokenSource(options.Value.ReadyTime, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.RequestAborted);
        try
        {
            await catalog.Get(Probe).DescribeAsync(ReadLevel.Strong, both.Token);
        }
        catch (DatabaseException error) when (error.Code is ErrorCodes.DatabaseNotFound)
        {
        }
        catch (DatabaseException error)
        {
            ServerLog.NotReady(logger, catalog.StoreUrl, error.Message);
            throw new DatabaseException(ErrorKind.Unavailable, error.Code, error.Message, error);
        }
        catch (OperationCanceledException error) when (!context.RequestAborted.IsCancellationRequested)
        {
            ServerLog.NotReady(logger, catalog.StoreUrl, "no answer in time");
            throw new DatabaseException(
                ErrorKind.Unavailable, ErrorCodes.StoreUnavailable,
                $"The store {catalog.StoreUrl} has not answered within {options.Value.ReadyTime.TotalSeconds:0.###} s. Try again later.", error);
        }

        await Answer.JsonAsync(context, new("ready"), WireJson.Default.HealthMessage);
    }
}
