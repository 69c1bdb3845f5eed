using System.Collections.Concurrent;
using OrleansSqlite.Commit;
using OrleansSqlite.Format;
using OrleansSqlite.Stores;
using OrleansSqlite.Transactions;

namespace OrleansSqlite.Combining;

/// <summary>Tells the callers of writes that were left what became of these, each once.</summary>
internal sealed class LeftAnswers(
    DatabaseContext context, Speculation speculation, WriteQueue queue, Inbox inbox, Crowd crowd, ConcurrentDictionary<InboxId, LeftWrite> left)
{
    /// <summary>What became of it is durable.</summary>
    public async Task GiveAsync(LeftWrite write, InboxOutcome outcome, IReadOnlyList<StatementResult>? results)
    {
        var transaction = write.Transaction;
        switch (outcome.Kind)
        {
            case InboxOutcomeKind.Done or InboxOutcomeKind.Repeated:
                var given = results ?? ResultsJson.Read(outcome.Detail!);
                crowd.Meet();
                Answer(write, () => transaction.Complete(new BatchResult(outcome.Version, given, outcome.Kind == InboxOutcomeKind.Repeated)));
                break;
            case InboxOutcomeKind.DoneWithObject:
                await GiveFromObjectAsync(write, outcome, results).ConfigureAwait(false);
                break;
            case InboxOutcomeKind.Failed:
                Answer(write, () => transaction.Fail(outcome.ToError(context.Name)));
                break;
            case InboxOutcomeKind.Returned:
                GoBack(write);
                break;
            case InboxOutcomeKind.Withdrawn:
                Answer(write, () => transaction.Fail(
                    write.Damage is { } damage ? damage
                    : transaction.Cancellation.IsCancellationRequested ? new OperationCanceledException(transaction.Cancellation)
                    : Errors.RetriesExhausted(context.Name, transaction.Losses, context.Time.GetElapsedTime(transaction.QueuedAt))));
                break;
            default:
                FailUnknown(write, null);
                break;
        }
    }

    private async Task GiveFromObjectAsync(LeftWrite write, InboxOutcome outcome, IReadOnlyList<StatementResult>? results)
    {
        try
        {
            results ??= await inbox.ReadResultsAsync(outcome.Detail!).ConfigureAwait(false);
            Answer(write, () => write.Transaction.Complete(new BatchResult(outcome.Version, results)));
            await inbox.DeleteAsync([outcome.Detail!]).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StoreException or DatabaseException)
        {
            Answer(write, () => write.Transaction.Fail(Errors.ResultsLost(context.Name, outcome.Version, e)));
        }
    }

    /// <summary>Back to the queue: nobody else will carry it.</summary>
    public void GoBack(LeftWrite write) => Answer(write, () => write.Transaction.GoBack(queue));

    /// <summary>It was not applied.</summary>
    public void Fail(LeftWrite write, Exception error) => Answer(write, () => write.Transaction.Fail(error));

    /// <summary>Nobody knows what became of it.</summary>
    public void FailUnknown(LeftWrite write, Exception? because) =>
        Fail(write, Errors.OutcomeUnknown(context.Name, (speculation.Current?.Version ?? 0) + 1, because));

    private void Answer(LeftWrite write, Action answer)
    {
        if (write.TryTake())
        {
            left.TryRemove(write.Entry.Id, out _);
            answer();
            write.End();
        }
    }
}
