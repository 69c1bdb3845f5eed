using System.Text.Json;
using OrleansSqlite;
using OrleansSqlite.Worker;

// A process that uses the library, for tests that need several of them, or one that dies or is measured.
// It prints nothing that a verb does not say; an error goes to standard error as one line of JSON.
try
{
    var arguments = new Arguments(args);
    await (arguments.Verb switch
    {
        "insert" => InsertVerb.RunAsync(arguments),
        "import" => TransferVerbs.ImportAsync(arguments),
        "export" => TransferVerbs.ExportAsync(arguments),
        "scan" => ScanVerb.RunAsync(arguments),
        "chaos" => ChaosVerb.RunAsync(arguments),
        _ => throw new ArgumentException($"There is no verb '{arguments.Verb}'."),
    });
    return 0;
}
catch (DatabaseException e)
{
    var error = new { Kind = e.Kind.ToString(), e.Code, e.Database, e.Object, e.Message };
    await Console.Error.WriteLineAsync(JsonSerializer.Serialize(error));
    return 1;
}
catch (Exception e)
{
    // Anything else is a bug: of the library, whose errors are all of one type, or of this program.
    await Console.Error.WriteLineAsync(e.ToString());
    return 2;
}
