using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansSqlite.Server.Hrana;

/// <summary>The protocol over WebSockets: takes the connection, and serves it until either side ends it.</summary>
internal sealed class HranaSocketEndpoint(
    HranaStreams streams, RequestClock clock, HranaAccess access, IOptions<OrleansSqliteServerOptions> options, TimeProvider time,
    ILogger<HranaSocketEndpoint> logger)
{
    /// <summary>What a WebSocket has room for.</summary>
    private const int ReasonBytes = 123;

    public async Task ServeAsync(HttpContext context)
    {
        var offered = context.WebSockets.WebSocketRequestedProtocols;
        var dialect = HranaDialect.All.FirstOrDefault(dialect => offered.Contains(dialect.Subprotocol));
        if (offered.Count > 0 && dialect is null)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            await context.Response.WriteAsync($"The subprotocols spoken here are {string.Join(", ", HranaDialect.All.Select(one => one.Subprotocol))}.\n");
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

        using var socket = await context.WebSockets.AcceptWebSocketAsync(dialect?.Subprotocol);
        await using var session = new HranaSocket(
            context, socket, (dialect ?? HranaDialect.Unsaid).Encoding, database, streams, clock, access, options.Value, time);
        try
        {
            await session.ServeAsync();
        }
        catch (HranaException error)
        {
            await CloseAsync(socket, Status(error), error.Message);
        }
        catch (Exception error) when (error is WebSocketException or OperationCanceledException)
        {
            ServerLog.CallerGone(logger, context.Request.Method, context.Request.Path);
        }
    }

    private static WebSocketCloseStatus Status(HranaException error) => error.Code switch
    {
        "MESSAGE_TOO_LARGE" => WebSocketCloseStatus.MessageTooBig,
        HranaSocket.NoHello => WebSocketCloseStatus.PolicyViolation,
        _ => WebSocketCloseStatus.ProtocolError,
    };

    private static async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string reason)
    {
        try
        {
            // The reason may name what the client sent, in any script.
            Encoding.UTF8.GetEncoder().Convert(reason, new byte[ReasonBytes], flush: false, out int fits, out _, out _);
            await socket.CloseOutputAsync(status, reason[..fits], CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // It is closed already, which is what was wanted.
        }
    }
}
