using OrleansSqlite.Server.Hrana.Protobuf;

namespace OrleansSqlite.Server.Hrana;

/// <summary>A version of the protocol in an encoding. Here, and nowhere else, it is said which there are.</summary>
/// <param name="Name">As it stands in addresses and subprotocols.</param>
/// <param name="Encoding">Reads and writes its messages.</param>
/// <param name="HasCursors">Whether it has cursors over HTTP.</param>
internal sealed record HranaDialect(string Name, IHranaEncoding Encoding, bool HasCursors)
{
    private static readonly HranaDialect Json3 = new("3", new HranaJson(), HasCursors: true);

    /// <summary>All of them, the one first that is taken if a client offers several.</summary>
    public static IReadOnlyList<HranaDialect> All { get; } = [new("3-protobuf", new HranaProtobuf(), HasCursors: true), Json3, new("2", Json3.Encoding, HasCursors: false)];

    /// <summary>What a client speaks over a WebSocket if it does not say.</summary>
    public static HranaDialect Unsaid => Json3;

    /// <summary>Where it is served over HTTP.</summary>
    public string Path => "/v" + Name;

    /// <summary>What it is called over WebSockets.</summary>
    public string Subprotocol => "hrana" + Name;
}
