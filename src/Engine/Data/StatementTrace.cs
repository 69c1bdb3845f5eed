using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansSqlite.Data;

/// <summary>SQLite's trace of one connection (sqlite3_trace_v2), switched on and off, and its events carried to the recorder.</summary>
internal sealed unsafe class StatementTrace(nint db) : IDisposable
{
    private const uint Events = TraceNative.Statement | TraceNative.Row;
    private GCHandle target;
    private bool tellsEnds;

    /// <summary>Whether the trace is on.</summary>
    public bool IsOn { get; private set; }

    /// <summary>
    /// Whether it tells how statements end, if it is on. SQLite takes the time of them then, twice for each, whether anybody wants
    /// to know it or not: in a short statement that is much.
    /// </summary>
    public bool TellsEnds
    {
        set
        {
            if (value != tellsEnds && IsOn)
            {
                Set(value);
            }
        }
    }

    /// <summary>Turns it on.</summary>
    public void TurnOn(Recorder recorder)
    {
        if (!IsOn)
        {
            if (!target.IsAllocated)
            {
                // Weak: SQLite's connection must not keep the caller's alive, which nobody might ever close.
                target = GCHandle.Alloc(recorder, GCHandleType.Weak);
            }

            Set(ends: true);
            IsOn = true;
        }
    }

    /// <summary>Turns it off.</summary>
    public void TurnOff()
    {
        if (IsOn)
        {
            _ = TraceNative.Trace(db, 0, null, 0);
            IsOn = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        TurnOff();
        if (target.IsAllocated)
        {
            target.Free();
        }
    }

    private void Set(bool ends)
    {
        _ = TraceNative.Trace(db, ends ? Events | TraceNative.Profile : Events, &OnEvent, GCHandle.ToIntPtr(target));
        tellsEnds = ends;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnEvent(uint kind, nint context, nint statement, nint text)
    {
        if (GCHandle.FromIntPtr(context).Target is not Recorder { IsSuspended: false } recorder)
        {
            return 0;
        }

        try
        {
            switch (kind)
            {
                case TraceNative.Statement:
                    recorder.OnStatement(statement, (byte*)text);
                    break;
                case TraceNative.Row:
                    recorder.OnRow(statement);
                    break;
                case TraceNative.Profile:
                    recorder.OnEnd(statement);
                    break;
            }
        }
        catch (Exception e)
        {
            // It must not leave the callback. What was not recorded can't be run again.
            recorder.Give($"recording it failed ({e.Message})");
        }

        return 0;
    }
}
