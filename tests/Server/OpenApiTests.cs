using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using OrleansSqlite.Server;

namespace OrleansSqlite.Tests;

/// <summary>The description for programs says what is there: no endpoint, no member and no status is left out or made up.</summary>
public sealed class OpenApiTests
{
    private static readonly string[] Methods = ["get", "put", "post", "delete"];

    [Fact]
    public async Task Every_endpoint_is_described_and_nothing_else()
    {
        await using var server = await TestServer.StartAsync();
        var reply = await server.SendAsync(HttpMethod.Get, "/v1/openapi.json");
        Assert.Equal((200, "application/json", "/"), (reply.Status, reply.MediaType, reply.Json.GetProperty("servers")[0].GetProperty("url").GetString()));
        // The files of the console are for its page alone, and the libSQL protocol has a text of its own.
        var mapped = server.Endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null).SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {PathOf(endpoint)}"));
        var described = Operations(reply.Json).Select(operation => $"{operation.Method.ToUpperInvariant()} {operation.Path}");
        Assert.Equal(mapped.Order(), described.Order());
    }

    [Fact]
    public async Task Every_operation_says_what_it_is_for_and_what_it_answers()
    {
        var document = await DocumentAsync();
        var operations = Operations(document).ToList();
        Assert.Equal(operations.Count, operations.Select(operation => operation.Is.GetProperty("operationId").GetString()).Distinct().Count());
        foreach (var (path, method, it) in operations)
        {
            string name = $"{method} {path}";
            Assert.True(it.GetProperty("summary").GetString() is { Length: > 5 }, name);
            string[] responses = [.. it.GetProperty("responses").EnumerateObject().Select(response => response.Name)];
            Assert.True(responses.Any(response => response.StartsWith('2')), name);
            if (path.StartsWith("/v1/databases", StringComparison.Ordinal))
            {
                Assert.Contains("default", responses);
            }

            // What is asked for by the path is declared, once.
            string[] inPath = [.. Parameters(document, path, it).Where(parameter => parameter.In == "path").Select(parameter => $"{{{parameter.Name}}}")];
            Assert.Equal(path.Split('/').Where(part => part.StartsWith('{')), inPath);
            Assert.Equal(method is "put" or "post" && !path.EndsWith('}') && !path.EndsWith("/collect", StringComparison.Ordinal) && !path.EndsWith("/compact", StringComparison.Ordinal), it.TryGetProperty("requestBody", out _));
        }
    }

    [Fact]
    public async Task Every_reference_leads_somewhere_and_every_component_is_used()
    {
        var document = await DocumentAsync();
        var references = References(document).Distinct().ToList();
        var components = document.GetProperty("components").EnumerateObject()
            .SelectMany(kind => kind.Value.EnumerateObject().Select(component => $"#/components/{kind.Name}/{component.Name}"));
        Assert.Equal(components.Order(), references.Order());
    }

    [Theory]
    [InlineData("Database", typeof(DatabaseMessage))]
    [InlineData("ExecuteRequest", typeof(ExecuteRequest))]
    [InlineData("QueryRequest", typeof(QueryRequest))]
    [InlineData("Schema", typeof(SchemaMessage))]
    [InlineData("SchemaEntry", typeof(SchemaEntryMessage))]
    [InlineData("Version", typeof(VersionMessage))]
    [InlineData("History", typeof(HistoryMessage))]
    [InlineData("RestoreRequest", typeof(RestoreRequest))]
    [InlineData("SnapshotRequest", typeof(SnapshotRequest))]
    [InlineData("ForkRequest", typeof(ForkRequest))]
    [InlineData("RetentionRequest", typeof(RetentionRequest))]
    [InlineData("Snapshot", typeof(SnapshotMessage))]
    [InlineData("Collection", typeof(CollectionMessage))]
    [InlineData("Health", typeof(HealthMessage))]
    [InlineData("Problem", typeof(Problem))]
    internal async Task A_message_has_the_members_that_are_described(string schema, Type message)
    {
        var described = (await DocumentAsync()).GetProperty("components").GetProperty("schemas").GetProperty(schema);
        var members = WireJson.Default.GetTypeInfo(message)!.Properties;
        Assert.Equal(members.Select(member => member.Name), described.GetProperty("properties").EnumerateObject().Select(member => member.Name));
        if (schema.EndsWith("Request", StringComparison.Ordinal))
        {
            // What must be there, and that nothing else may be.
            Assert.Equal(members.Where(member => member.IsRequired).Select(member => member.Name), described.GetProperty("required").EnumerateArray().Select(member => member.GetString()));
            Assert.False(described.GetProperty("additionalProperties").GetBoolean());
        }
    }

    [Fact]
    public async Task The_address_of_a_group_stands_before_the_paths()
    {
        await using var engine = await DatabaseEngine.OpenAsync("memory:");
        await using var server = await TestServer.StartAsync(engine, null, "/inner/databases");
        var document = (await server.SendAsync(HttpMethod.Get, "/inner/databases/v1/openapi.json")).Json;
        Assert.Equal("/inner/databases", document.GetProperty("servers")[0].GetProperty("url").GetString());
    }

    private static async Task<JsonElement> DocumentAsync()
    {
        await using var server = await TestServer.StartAsync(new FailingCatalog(null));
        return (await server.SendAsync(HttpMethod.Get, "/v1/openapi.json")).Json;
    }

    private static string PathOf(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.Trim('/');

    private static IEnumerable<(string Path, string Method, JsonElement Is)> Operations(JsonElement document) =>
        document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()
            .Where(operation => Methods.Contains(operation.Name)).Select(operation => (path.Name, operation.Name, operation.Value)));

    private static IEnumerable<(string In, string Name)> Parameters(JsonElement document, string path, JsonElement operation)
    {
        JsonElement[] holders = [document.GetProperty("paths").GetProperty(path), operation];
        foreach (var parameter in holders.SelectMany(holder => holder.TryGetProperty("parameters", out var some) ? some.EnumerateArray() : []))
        {
            var name = parameter.GetProperty("$ref").GetString()!.Split('/')[^1];
            var it = document.GetProperty("components").GetProperty("parameters").GetProperty(name);
            Assert.Equal(name, it.GetProperty("name").GetString());
            yield return (it.GetProperty("in").GetString()!, name);
        }
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.Name == "$ref" ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
