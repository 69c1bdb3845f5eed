namespace OrleansSqlite.Pages;

/// <summary>
/// What is being read from one object at this moment, by number: whoever wants the same waits for it and reads nothing himself, and whoever
/// wants something else does not wait. The lock is held for moments only, never while anybody waits.
/// </summary>
internal sealed class Flights
{
    /// <summary>The number of the whole object, and of its index. Blocks have their own numbers, from 0.</summary>
    public const int Whole = -1, Index = -2;

    private readonly Lock gate = new();
    private readonly Dictionary<int, TaskCompletionSource<ReadOnlyMemory<byte>>> underWay = [];

    /// <summary>
    /// Begins a read. Null: it is the caller's, who must <see cref="Leave"/> whatever comes of it. Else what to wait for: somebody else reads it.
    /// That ends without an error and without bytes; whether the other one had success shows when one looks.
    /// </summary>
    public Task<ReadOnlyMemory<byte>>? Enter(int number)
    {
        lock (gate)
        {
            if (underWay.TryGetValue(number, out var others))
            {
                return others.Task;
            }

            // Who waits goes on by himself: not on the thread that leaves, which may have more to hand out.
            underWay.Add(number, new TaskCompletionSource<ReadOnlyMemory<byte>>(TaskCreationOptions.RunContinuationsAsynchronously));
            return null;
        }
    }

    /// <summary>Begins a read if nobody else has.</summary>
    public bool TryEnter(int number) => Enter(number) is null;

    /// <summary>The read is over, with success or without.</summary>
    public void Leave(int number)
    {
        TaskCompletionSource<ReadOnlyMemory<byte>>? ended;
        lock (gate)
        {
            underWay.Remove(number, out ended);
        }

        ended!.SetResult(default);
    }
}
