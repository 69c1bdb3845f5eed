using Orleans;

namespace OrleansSqlite;

/// <summary>A grain's answer: a result, the database's failure, or that the call was cancelled.</summary>
/// <typeparam name="T">The result.</typeparam>
[GenerateSerializer]
[Immutable]
[Alias("OrleansSqlite.Reply`1")]
public readonly record struct Reply<T>
{
    /// <summary>The result, if there is neither a fault nor a cancellation.</summary>
    [Id(0)]
    public T? Result { get; init; }

    /// <summary>What went wrong, if anything.</summary>
    [Id(1)]
    public Fault? Fault { get; init; }

    /// <summary>The call was cancelled: it has not taken effect, and never will.</summary>
    [Id(2)]
    public bool IsCancelled { get; init; }

    /// <summary>The result, or the exception that the engine threw.</summary>
    /// <exception cref="DatabaseException">The fault.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public T Get() =>
        Fault is not null ? throw Fault.ToException() :
        IsCancelled ? throw new OperationCanceledException() :
        Result!;
}

/// <summary>Makes replies.</summary>
public static class Reply
{
    /// <summary>The reply to a call: its result, or how it failed. An exception that is none of the database's goes through.</summary>
    public static async Task<Reply<T>> OfAsync<T>(Task<T> call)
    {
        ArgumentNullException.ThrowIfNull(call);
        try
        {
            return new Reply<T> { Result = await call };
        }
        catch (Exception e) when (IsAnswer(e))
        {
            return Failed<T>(e);
        }
    }

    /// <summary>Whether an exception says what became of the call, and so is an answer to it.</summary>
    public static bool IsAnswer(Exception error) => error is DatabaseException or OperationCanceledException;

    /// <summary>The reply for an exception that is an answer.</summary>
    public static Reply<T> Failed<T>(Exception error) => error is DatabaseException failure
        ? new() { Fault = Fault.Of(failure) }
        : new() { IsCancelled = true };
}
