using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server.Hrana;

/// <summary>The protocol over WebSockets: takes the connection, and serves it until either side ends it.</summary>
internal sealed class HranaSocketEndpoint(
    HranaStreams streams, RequestClock clock, HranaAccess access, IOptions<OrleansSqliteServerOptions> options, TimeProvider time,
    ILogger<HranaSocketEndpoint> logger)
{
    private static readonly string[] Versions = ["hrana3", "hrana2"];

    public async Task ServeAsync(HttpContext context)
    {
        var offered = context.WebSockets.WebSocketRequestedProtocols;
        string? version = Versions.FirstOrDefault(offered.Contains);
        if (offered.Count > 0 && version is null)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync($"The subprotocols spoken here are {string.Join(", ", Versions)}.\n");
            return;
        }

        string database;
        try
        {
            database = DatabaseName.Check(HranaRoute.Database(context));
        }
        catch (Exception error) when (error is HranaException or DatabaseException)
        {
            context.Response.StatusCode = HranaErrors.Status(error);
            await context.Response.WriteAsync(error.Message + "\n");
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync(version);
        await using var session = new HranaSocket(context, socket, database, streams, clock, access, options.Value, time);
        try
        {
            await session.ServeAsync();
        }
        catch (Exception error) when (error is HranaException or JsonException)
        {
            await CloseAsync(socket, Status(error), HranaErrors.From(error).Message);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            ServerLog.CallerGone(logger, context.Request.Method, context.Request.Path);
        }
    }

    private static WebSocketCloseStatus Status(Exception error) => (error as HranaException)?.Code switch
    {
        "MESSAGE_TOO_LARGE" => WebSocketCloseStatus.MessageTooBig,
        HranaSocket.NoHello => WebSocketCloseStatus.PolicyViolation,
        _ => WebSocketCloseStatus.ProtocolError,
    };

    private static async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string reason)
    {
        try
        {
            // The reason of a close has at most 123 bytes.
            await socket.CloseOutputAsync(status, reason.Length > 120 ? reason[..117] + "..." : reason, CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // It is closed already, which is what was wanted.
        }
    }
}
