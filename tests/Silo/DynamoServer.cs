using System.Net.Http.Headers;
using System.Text;

namespace OrleansSqlite.Tests;

/// <summary>A test that needs a server that speaks DynamoDB's protocol.</summary>
public sealed class DynamoFactAttribute : FactAttribute
{
    public DynamoFactAttribute() => Skip = DynamoServer.WhyNot;
}

/// <summary>A test that needs one that knows transactions as well: Orleans writes the members of a cluster in them.</summary>
public sealed class DynamoTransactionsFactAttribute : FactAttribute
{
    public DynamoTransactionsFactAttribute() => Skip = DynamoServer.WhyNot ?? DynamoServer.WhyNoTransactions;
}

/// <summary>The server that the environment names.</summary>
internal static class DynamoServer
{
    private static readonly Lazy<bool> KnowsTransactions = new(AskForTransactions);

    /// <summary>Its address.</summary>
    public static string? Endpoint => Environment.GetEnvironmentVariable("DYNAMODB_ENDPOINT") is { Length: > 0 } endpoint ? endpoint : null;

    /// <summary>Why tests that need a server cannot run, or null.</summary>
    public static string? WhyNot { get; } = Endpoint is null
        ? "Needs a DynamoDB server: docker run -d -p 127.0.0.1:8000:8000 amazon/dynamodb-local; export DYNAMODB_ENDPOINT=http://127.0.0.1:8000"
        : null;

    /// <summary>Why tests that need its transactions cannot run, or null.</summary>
    public static string? WhyNoTransactions => KnowsTransactions.Value
        ? null
        : $"Needs a DynamoDB server that knows transactions, and {Endpoint} does not: docker run -d -p 127.0.0.1:8000:8000 amazon/dynamodb-local; export DYNAMODB_ENDPOINT=http://127.0.0.1:8000";

    /// <summary>Sends a transaction of nothing: who knows transactions finds fault with this one, and who does not with the operation.</summary>
    private static bool AskForTransactions()
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, Endpoint) { Content = new StringContent("""{ "TransactItems": [] }""", Encoding.ASCII) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.0");
        request.Headers.Add("X-Amz-Target", "DynamoDB_20120810.TransactWriteItems");
        request.Headers.Add("X-Amz-Date", "20261123T000000Z");
        request.Headers.TryAddWithoutValidation(
            "Authorization", "AWS4-HMAC-SHA256 Credential=a/20261123/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=b");
        using var answer = client.Send(request);
        using var body = new StreamReader(answer.Content.ReadAsStream());
        return !body.ReadToEnd().Contains("UnknownOperation", StringComparison.Ordinal);
    }
}
