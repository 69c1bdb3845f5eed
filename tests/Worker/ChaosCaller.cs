using System.Collections.Concurrent;

namespace OrleansSqlite.Worker;

/// <summary>One of the callers of a process: a write or a read after the other.</summary>
internal sealed class ChaosCaller(DatabaseEngine engine, string name, ChaosReport report)
{
    private const double Reads = 0.1;

    public async Task RunAsync(int life, int number, ConcurrentQueue<ChaosWrite> again, CancellationToken stop)
    {
        for (int i = 1; !stop.IsCancellationRequested; i++)
        {
            if (again.TryDequeue(out var unfinished))
            {
                await SendAsync(unfinished);
            }
            else if (Entropy.System.NextDouble() < Reads)
            {
                await ReadAsync();
            }
            else
            {
                await SendAsync(new ChaosWrite(life, number, i));
            }
        }
    }

    /// <summary>Sends a write until its end is known, or can't be.</summary>
    private async Task SendAsync(ChaosWrite write)
    {
        report.Begin(write);
        for (bool isKnown = true; ;)
        {
            using var patience = new CancellationTokenSource();
            if (write.IsCancelled)
            {
                patience.CancelAfter(Entropy.System.Jitter(TimeSpan.FromMilliseconds(50)));
            }

            try
            {
                // Opened each time: after a doubt that could not be resolved the old one refuses writes.
                var result = await engine.Open(name).ExecuteAsync(write.Batch, patience.Token);
                report.Landed(write, result.Version, $"{result.Results[0].Rows[0][0]}", $"{result.Results[1].Rows[0][0]}");
                return;
            }
            catch (OperationCanceledException)
            {
                // A cancelled write has not taken effect, and never will.
                report.Ended(write, isKnown, "cancelled");
                return;
            }
            catch (DatabaseException e) when (e.IsTransient || (e.Code == ErrorCodes.Sql && write.IsRefused))
            {
                isKnown &= e.OutcomeKnown;
                if (!e.IsTransient || (!isKnown && !write.IsRepeatable))
                {
                    report.Ended(write, isKnown, e.Code);
                    return;
                }
            }

            await Task.Delay(Entropy.System.Jitter(TimeSpan.FromMilliseconds(50)));
        }
    }

    /// <summary>A strong read, and what holds at every version: nothing of a write is there without the rest.</summary>
    private async Task ReadAsync()
    {
        long began = ChaosReport.Now;
        try
        {
            await using var rows = await engine.Open(name).QueryAsync(
                "SELECT (SELECT sum(n) FROM counter), (SELECT coalesce(max(rowid), 0) FROM done), (SELECT coalesce(max(rowid), 0) FROM item)");
            var row = (await rows.ReadAsync())[0];
            if (row[0] != row[1] || row[0] != row[2])
            {
                throw new InvalidOperationException($"Version {rows.Version} holds a part of a write: {row[0]} counted, {row[1]} done, {row[2]} appended.");
            }

            report.Read(began, rows.Version);
        }
        catch (DatabaseException e) when (e.IsTransient)
        {
            // It promised nothing, then.
        }
    }
}
