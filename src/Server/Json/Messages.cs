using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansSqlite.Server;

/// <summary>The body of <c>POST …/execute</c>.</summary>
internal sealed record ExecuteRequest(IReadOnlyList<StatementMessage> Statements, string? OperationId = null);

/// <summary>The body of <c>POST …/query</c>.</summary>
internal sealed record QueryRequest(string Sql, Arguments? Args = null, ReadLevel Level = default)
{
    public Statement ToStatement() => StatementMessage.ToStatement(Sql, Args);
}

/// <summary>A statement of a batch: an object with its parameters, or only its SQL as a string.</summary>
[JsonConverter(typeof(StatementJsonConverter))]
internal sealed record StatementMessage(string Sql, Arguments? Args)
{
    public Statement ToStatement() => ToStatement(Sql, Args);

    public static Statement ToStatement(string sql, Arguments? args) =>
        args is null ? new Statement(sql) : new Statement(sql) { Positional = args.Positional, Named = args.Named };
}

/// <summary>A statement with its parameters as JSON has it.</summary>
internal sealed record StatementObject(string Sql, Arguments? Args = null);

internal sealed class StatementJsonConverter : JsonConverter<StatementMessage>
{
    public override bool HandleNull => true;

    public override StatementMessage Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return new(reader.GetString()!, null);
            case JsonTokenType.StartObject:
                var statement = Object(ref reader);
                return new(statement.Sql, statement.Args);
            default:
                throw new MalformedException("A statement is a string with SQL, or an object with sql and args.");
        }
    }

    public override void Write(Utf8JsonWriter writer, StatementMessage value, JsonSerializerOptions options) =>
        throw new NotSupportedException("Statements are only ever read.");

    private static StatementObject Object(ref Utf8JsonReader reader)
    {
        try
        {
            return JsonSerializer.Deserialize(ref reader, WireJson.Default.StatementObject)!;
        }
        catch (JsonException error)
        {
            // The error knows its place inside of the statement only; that of the statement is put before it on the way out.
            throw new MalformedException(MalformedException.What(error), error);
        }
    }
}

/// <summary>A table, index, view or trigger.</summary>
internal sealed record SchemaEntryMessage(string Type, string Name, string Table, string Sql);

/// <summary>The answer of <c>GET …/schema</c>.</summary>
internal sealed record SchemaMessage(long Version, IReadOnlyList<SchemaEntryMessage> Schema);

/// <summary>The answer of <c>GET /health/…</c>.</summary>
internal sealed record HealthMessage(string Status);

/// <summary>A database as the endpoints describe it.</summary>
internal sealed record DatabaseMessage(
    string Name,
    Guid Id,
    long Version,
    DateTimeOffset CommittedAt,
    int PageBytes,
    long PageCount,
    long Bytes,
    long StoredBytes,
    int Segments,
    long OldestVersion,
    long RetentionSeconds)
{
    public static DatabaseMessage From(DatabaseDescription it) =>
        new(it.Name, it.Id, it.Version, it.CommittedAt, it.PageBytes, it.PageCount, it.Bytes, it.StoredBytes, it.Segments, it.OldestVersion, (long)it.Retention.TotalSeconds);
}

/// <summary>The answer of <c>GET /v1/databases</c>.</summary>
internal sealed record DatabasesMessage(IReadOnlyList<DatabaseMessage> Databases);

/// <summary>An error as RFC 9457 has it, with the members of a <see cref="DatabaseException"/> beside it.</summary>
internal sealed record Problem(
    string Title,
    int Status,
    string Detail,
    string Kind,
    string Code,
    string? Database = null,
    long? Version = null,
    string? Object = null,
    int? Statement = null,
    int? SqliteCode = null,
    bool Transient = false,
    bool OutcomeKnown = true);

/// <summary>The JSON of the endpoints: strict in what it takes, so that a misspelt member is an error and not a default.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(SqlValueJsonConverter), typeof(ReadLevelJsonConverter)])]
[JsonSerializable(typeof(ExecuteRequest))]
[JsonSerializable(typeof(QueryRequest))]
[JsonSerializable(typeof(StatementObject))]
[JsonSerializable(typeof(Arguments))]
[JsonSerializable(typeof(HealthMessage))]
[JsonSerializable(typeof(DatabaseMessage))]
[JsonSerializable(typeof(DatabasesMessage))]
[JsonSerializable(typeof(SchemaMessage))]
[JsonSerializable(typeof(HistoryMessage))]
[JsonSerializable(typeof(VersionMessage))]
[JsonSerializable(typeof(SnapshotMessage))]
[JsonSerializable(typeof(SnapshotsMessage))]
[JsonSerializable(typeof(CollectionMessage))]
[JsonSerializable(typeof(RestoreRequest))]
[JsonSerializable(typeof(SnapshotRequest))]
[JsonSerializable(typeof(ForkRequest))]
[JsonSerializable(typeof(RetentionRequest))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class WireJson : JsonSerializerContext;
