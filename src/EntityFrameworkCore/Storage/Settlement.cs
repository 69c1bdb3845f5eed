using Microsoft.Data.Sqlite;

namespace OrleansSqlite.EntityFrameworkCore.Storage;

/// <summary>
/// Finds out whether an operation took effect whose commit ended in doubt. That its id is there says yes. That it is not there says
/// nothing yet: its swap may still be on its way. So a commit of our own is put behind that look. The swap in doubt was made for an
/// older head, and is refused from then on.
/// </summary>
internal static class Settlement
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);

    /// <summary>True: it took effect. False: it did not, and never will. Null: it could not be found out in the time that the engine's
    /// options give to retries.</summary>
    public static async Task<bool?> SettleAsync(OrleansSqliteConnection doubtful, string operationId)
    {
        var engine = await doubtful.EngineAsync(CancellationToken.None).ConfigureAwait(false);
        var context = engine.Open(doubtful.DataSource).Context;
        long began = context.Time.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                return await AskAsync(engine, doubtful.DataSource, operationId, context.Entropy).ConfigureAwait(false);
            }
            catch (SqliteException e) when (DataErrors.Classify(e) is { IsTransient: true } && context.Time.GetElapsedTime(began) < context.Options.RetryTime)
            {
                // The store is still away, or a rival was first: perhaps the very commit that is looked for.
            }
            catch (SqliteException)
            {
                return null;
            }

            await Task.Delay(context.Entropy.Jitter(pause), context.Time).ConfigureAwait(false);
        }
    }

    private static async Task<bool> AskAsync(DatabaseEngine engine, string database, string operationId, Entropy entropy)
    {
        var settings = new OrleansSqliteConnectionStringBuilder { DataSource = database, Mode = SqliteOpenMode.ReadWrite };
        await using var source = OrleansSqliteDataSource.Create(engine, settings.ConnectionString);
        await using var connection = await source.OpenConnectionAsync().ConfigureAwait(false);
        await using var transaction = connection.BeginTransaction();
        if (await IsThereAsync(connection, operationId).ConfigureAwait(false))
        {
            return true;
        }

        // An id is the smallest change that there is. What was looked at is held against the newest head by this COMMIT, as always:
        // if the id has come to be there meanwhile, it is a conflict, and the next look finds it.
        connection.OperationId = $"fence-{entropy.Next128():x32}";
        await transaction.CommitAsync().ConfigureAwait(false);
        return false;
    }

    private static async Task<bool> IsThereAsync(OrleansSqliteConnection connection, string operationId)
    {
        const string table = Transactions.OperationLog.Table;
        await using var command = connection.CreateCommand();
        command.CommandText = $"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '{table}'";
        if (await command.ExecuteScalarAsync().ConfigureAwait(false) is not 1L)
        {
            return false;
        }

        command.CommandText = $"SELECT count(*) FROM {table} WHERE id = $id";
        command.Parameters.AddWithValue("$id", operationId);
        return await command.ExecuteScalarAsync().ConfigureAwait(false) is 1L;
    }
}
