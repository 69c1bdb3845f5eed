namespace OrleansSqlite.Server;

/// <summary>The first commands that a newcomer copies into a terminal, in the order that works.</summary>
internal static class FirstSteps
{
    /// <summary>The commands, for a server at this address (without a slash at its end).</summary>
    public static IReadOnlyList<string> Commands(string address) =>
    [
        $"curl -X PUT {address}/v1/databases/hello",
        Post(address, "execute", """{"statements":["create table if not exists visit(who text, at text)",{"sql":"insert into visit values (?, current_timestamp)","args":["me"]}]}"""),
        Post(address, "query", """{"sql":"select * from visit"}"""),
        $"curl {address}/v1/databases",
    ];

    private static string Post(string address, string verb, string body) =>
        $"curl {address}/v1/databases/hello/{verb} -H 'Content-Type: application/json' -d '{body}'";
}
