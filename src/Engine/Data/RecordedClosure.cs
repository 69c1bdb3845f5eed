using Microsoft.Data.Sqlite;
using OrleansSqlite.Format;
using OrleansSqlite.Transactions;
using SQLitePCL;

namespace OrleansSqlite.Data;

/// <summary>Runs a closure so that it becomes known what it does and what it is told. Nothing of it is committed.</summary>
internal static class RecordedClosure
{
    /// <summary>Runs it on the newest version that is known here. In a crowd a look for a newer one would be old before it helps.</summary>
    /// <returns>Null if others can't run it in its place.</returns>
    public static Task<(Batch Batch, Telling Telling)?> RunAsync(EngineDatabase database, EngineThreads threads, ClosureTransaction closure) =>
        threads.RunAsync(() => Run(database, closure));

    private static (Batch Batch, Telling Telling)? Run(EngineDatabase database, ClosureTransaction closure)
    {
        using var connection = OrleansSqliteConnection.On(database);
        using var interrupt = closure.Cancellation.UnsafeRegister(static handle => raw.sqlite3_interrupt((sqlite3)handle!), connection.Handle!);
        using (var begin = new OrleansSqliteCommand("BEGIN IMMEDIATE", connection))
        {
            // By a command: the provider would ask every command of the closure for a transaction of its own.
            begin.ExecuteNonQuery();
        }

        closure.RunOn(connection);
        if (!connection.Execution!.InTransaction)
        {
            return null;
        }

        var told = connection.Execution.Recorder.Replace();
        return LeftTranscript.Of(connection, told, told.Count);
    }
}
