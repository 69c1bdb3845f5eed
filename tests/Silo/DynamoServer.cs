namespace OrleansSqlite.Tests;

/// <summary>A test that needs a server that speaks DynamoDB's protocol.</summary>
public sealed class DynamoFactAttribute : FactAttribute
{
    public DynamoFactAttribute() => Skip = DynamoServer.WhyNot;
}

/// <summary>The server that the environment names.</summary>
internal static class DynamoServer
{
    /// <summary>Its address.</summary>
    public static string? Endpoint => Environment.GetEnvironmentVariable("DYNAMODB_ENDPOINT") is { Length: > 0 } endpoint ? endpoint : null;

    /// <summary>Why tests that need a server cannot run, or null.</summary>
    public static string? WhyNot { get; } = Endpoint is null ? "Needs a DynamoDB server: eval \"$(tests/dynamodb-server start)\"" : null;
}
