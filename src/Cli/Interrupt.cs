using System.Runtime.InteropServices;

namespace OrleansSqlite.Cli;

/// <summary>Ctrl-C and the request to end. The first cancels what runs, a second ends the process at once.</summary>
internal sealed class Interrupt : IDisposable
{
    private readonly Lock guard = new();
    private readonly CancellationTokenSource end = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private CancellationTokenSource current;

    public Interrupt()
    {
        current = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = CancelOnce(Current())));
        registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = CancelOnce(end)));
    }

    /// <summary>Cancelled by the next signal.</summary>
    public CancellationToken Token => Current().Token;

    /// <summary>Cancelled only when the process is asked to end.</summary>
    public CancellationToken End => end.Token;

    /// <summary>Begins a new piece of work in the same process: an earlier Ctrl-C was for the last one.</summary>
    public CancellationToken Renew()
    {
        lock (guard)
        {
            if (current.IsCancellationRequested)
            {
                current.Dispose();
                current = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
            }

            return current.Token;
        }
    }

    public void Dispose()
    {
        registrations.ForEach(registration => registration.Dispose());
        current.Dispose();
        end.Dispose();
    }

    private CancellationTokenSource Current()
    {
        lock (guard)
        {
            return current;
        }
    }

    private static bool CancelOnce(CancellationTokenSource source)
    {
        if (source.IsCancellationRequested)
        {
            return false;
        }

        source.Cancel();
        return true;
    }
}
