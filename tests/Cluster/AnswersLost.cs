using Orleans;

namespace OrleansSqlite.Tests;

/// <summary>Lets calls of a grain's method happen, and then says that it does not know.</summary>
internal sealed class AnswersLost(string method) : IIncomingGrainCallFilter
{
    private int next;
    private int calls;

    /// <summary>How many answers are still to be lost.</summary>
    public int Next { get => Volatile.Read(ref next); set => Volatile.Write(ref next, value); }

    /// <summary>How many calls of the method have ended.</summary>
    public int Calls => Volatile.Read(ref calls);

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        await context.Invoke();
        if (context.InterfaceMethod.Name != method)
        {
            return;
        }

        Interlocked.Increment(ref calls);
        if (Volatile.Read(ref next) > 0)
        {
            Interlocked.Decrement(ref next);
            throw new TimeoutException("By chance.");
        }
    }
}
