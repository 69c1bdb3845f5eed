using System.Globalization;

namespace OrleansSqlite.Simulation.Clock;

/// <summary>Everything that happened, one line each: as a running hash, to compare two runs, and as text on demand.</summary>
internal sealed class Trace(World world, TextWriter? text)
{
    private ulong hash = 14695981039346656037;

    /// <summary>The hash of all lines so far.</summary>
    public string Hash => hash.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>The number of lines.</summary>
    public int Lines { get; private set; }

    /// <summary>Something happened.</summary>
    public void Add(string who, string what)
    {
        Lines++;
        Mix((ulong)world.Now.Ticks);
        Mix(who);
        Mix(what);
        text?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{world.Now.TotalSeconds,12:0.000000} {who,-6} {what}"));
    }

    private void Mix(string part)
    {
        foreach (char c in part)
        {
            Mix(c);
        }

        Mix('\n');
    }

    // FNV-1a, over whole values in place of bytes: it only has to tell two traces apart.
    private void Mix(ulong value) => hash = (hash ^ value) * 1099511628211;
}
