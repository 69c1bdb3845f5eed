using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Combining;

/// <summary>What became of a transaction that was left in the inbox. It is a row of the database, written by the commit that carries the transaction.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="Version">The version that carries it, or the one at which an earlier write with the same operation id took effect.</param>
/// <param name="Detail">Results or an error as JSON, or the key of the object that holds the results.</param>
internal sealed record InboxOutcome(InboxOutcomeKind Kind, long Version, string? Detail)
{
    /// <summary>The longest text of an error that is told, in characters.</summary>
    private const int MaxMessage = 4096;

    /// <summary>It took effect.</summary>
    public static InboxOutcome Done(IReadOnlyList<StatementResult> results) => new(InboxOutcomeKind.Done, 0, ResultsJson.Write(results));

    /// <summary>An earlier write had the same operation id.</summary>
    public static InboxOutcome Repeated(OperationLog.Entry earlier) => new(InboxOutcomeKind.Repeated, earlier.Version, ResultsJson.Write(earlier.Results));

    /// <summary>SQLite refused it.</summary>
    public static InboxOutcome Failed(DatabaseException error) => new(InboxOutcomeKind.Failed, 0, new JsonObject
    {
        ["kind"] = error.Kind.ToString(),
        ["code"] = error.Code,
        ["message"] = error.Message.Length <= MaxMessage ? error.Message : error.Message[..MaxMessage],
        ["sqlite"] = error.SqliteCode,
        ["statement"] = error.Statement,
    }.ToJsonString());

    /// <summary>Whoever ran it did not want to, for that reason: its owner is to run it.</summary>
    public static InboxOutcome Returned(string why) => new(InboxOutcomeKind.Returned, 0, why);

    /// <summary>Its owner has given it up.</summary>
    public static InboxOutcome Withdrawn { get; } = new(InboxOutcomeKind.Withdrawn, 0, null);

    /// <summary>The error, of one that failed.</summary>
    public DatabaseException ToError(string database)
    {
        var error = JsonNode.Parse(Detail!)!;
        return new DatabaseException(Enum.Parse<ErrorKind>((string)error["kind"]!), (string)error["code"]!, (string)error["message"]!)
        {
            Database = database,
            SqliteCode = (int)error["sqlite"]!,
            Statement = (int?)error["statement"],
        };
    }
}

/// <summary>What can become of a transaction that was left in the inbox. The numbers are stored.</summary>
internal enum InboxOutcomeKind
{
    /// <summary>It took effect; the results stand beside it.</summary>
    Done = 1,

    /// <summary>It took effect; the results stand in an object.</summary>
    DoneWithObject = 2,

    /// <summary>Its operation id had taken effect before.</summary>
    Repeated = 3,

    /// <summary>It failed, and changed nothing.</summary>
    Failed = 4,

    /// <summary>It goes back to its owner, and changed nothing.</summary>
    Returned = 5,

    /// <summary>Its owner gave it up: it changed nothing, and never will.</summary>
    Withdrawn = 6,

    /// <summary>Never stored: it is so old that its outcome is no longer known. It changes nothing from now on.</summary>
    Forgotten = 7,
}
