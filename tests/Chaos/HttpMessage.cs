namespace OrleansSqlite.Tests;

/// <summary>A request or an answer, byte for byte as it came: a signature covers more of it than one would think.</summary>
/// <param name="StartLine">Its first line.</param>
/// <param name="Head">Its first line and headers, with the empty line at their end.</param>
/// <param name="Body">All behind it, in the form in which it was sent.</param>
/// <param name="EndsConnection">Whether its sender closes the connection behind it.</param>
/// <param name="AsksForLeave">Whether its sender waits for "100 Continue" before it sends the body.</param>
internal sealed record HttpMessage(string StartLine, byte[] Head, byte[] Body, bool EndsConnection, bool AsksForLeave)
{
    /// <summary>The method of a request.</summary>
    public string Method => StartLine.Split(' ')[0];

    /// <summary>The path and the parameters of a request.</summary>
    public string Target => StartLine.Split(' ')[1];

    /// <summary>The status of an answer.</summary>
    public int Status => int.Parse(StartLine.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Sends it.</summary>
    public async Task SendAsync(Stream stream)
    {
        await stream.WriteAsync(Head);
        await stream.WriteAsync(Body);
    }

    /// <summary>Sends as much of it as arrives before the connection breaks: half of its body.</summary>
    public async Task SendHalfAsync(Stream stream)
    {
        await stream.WriteAsync(Head);
        await stream.WriteAsync(Body.AsMemory(0, Body.Length / 2));
    }
}
