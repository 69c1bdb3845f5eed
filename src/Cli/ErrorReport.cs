using System.Text.Json;
using Microsoft.Data.Sqlite;
using OrleansSqlite.Server;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Cli;

/// <summary>Says what went wrong: one line what happened, one line what to do next.</summary>
internal sealed class ErrorReport(Terminal terminal, bool json, bool verbose)
{
    /// <summary>Reports a wrong command line.</summary>
    public int Usage(string message, string command)
    {
        Write(new DatabaseException(ErrorKind.Invalid, ErrorCodes.BadArgument, message), $"{command} --help shows how it is used.");
        return ExitCodes.Invalid;
    }

    /// <summary>Reports an error and gives its exit code.</summary>
    public int Failure(Exception error, CancellationToken interrupted)
    {
        switch (error)
        {
            case OperationCanceledException when interrupted.IsCancellationRequested:
                terminal.Error.WriteLine("cancelled: nothing of it took effect.");
                return ExitCodes.Cancelled;
            case UsageException usage:
                Write(new DatabaseException(ErrorKind.Invalid, ErrorCodes.BadArgument, usage.Message, usage), usage.Next);
                return ExitCodes.Invalid;
            case DatabaseException known:
                Write(known, NextStep.After(known));
                return ExitCodes.Of(known.Kind);
            case StoreException store:
                return Failure(Errors.FromStore(null, store), interrupted);
            case SqliteException refused:
                return Failure(new DatabaseException(ErrorKind.Invalid, ErrorCodes.Sql, refused.Message, refused) { SqliteCode = refused.SqliteExtendedErrorCode }, interrupted);
            case IOException { HResult: BrokenPipe }:
                // The reader of our output wanted no more of it: "query … | head".
                return ExitCodes.Ok;
            case IOException or UnauthorizedAccessException:
                // The store's own files have the store's errors: this is a file that the user named.
                return Failure(new DatabaseException(ErrorKind.Invalid, ErrorCodes.BadFile, error.Message, error), interrupted);
            default:
                var unknown = new DatabaseException(ErrorKind.Internal, ErrorCodes.Invariant, $"{error.GetType().Name}: {error.Message}", error);
                Write(unknown, NextStep.After(unknown));
                return ExitCodes.Internal;
        }
    }

    /// <summary>EPIPE, as .NET hands it through.</summary>
    private const int BrokenPipe = 32;

    private void Write(DatabaseException error, string next)
    {
        terminal.Out.Flush();
        if (json)
        {
            WriteJson(error, next);
        }
        else
        {
            var failed = error.Statement is { } index and > 0 ? $" (statement {index + 1})" : "";
            terminal.Error.WriteLine($"error: {OneLine(error.Message)}{failed}");
            terminal.Error.WriteLine($"next:  {next}");
        }

        if (verbose)
        {
            terminal.Error.WriteLine(error);
        }
    }

    private void WriteJson(DatabaseException error, string next)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, ResultJson.Writer))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", error.Kind.ToString());
            writer.WriteString("code", error.Code);
            writer.WriteString("message", error.Message);
            writer.WriteString("next", next);
            Optional(writer, "database", error.Database);
            Optional(writer, "object", error.Object);
            Optional(writer, "version", error.Version);
            Optional(writer, "statement", error.Statement);
            Optional(writer, "sqliteCode", error.SqliteCode == 0 ? null : error.SqliteCode);
            writer.WriteBoolean("outcomeKnown", error.OutcomeKnown);
            writer.WriteEndObject();
        }

        terminal.Error.WriteLine(System.Text.Encoding.UTF8.GetString(text.ToArray()));
    }

    private static void Optional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private static void Optional(Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[])['\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
