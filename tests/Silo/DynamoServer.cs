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

    // Orleans writes the members of a cluster in transactions, which not every stand-in knows.
    private const string HowTo =
        "Needs a DynamoDB server that knows transactions: docker run -d -p 127.0.0.1:8000:8000 amazon/dynamodb-local; export DYNAMODB_ENDPOINT=http://127.0.0.1:8000";

    /// <summary>Why tests that need a server cannot run, or null.</summary>
    public static string? WhyNot { get; } = Endpoint is null ? HowTo : null;
}
