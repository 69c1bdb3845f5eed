namespace OrleansSqlite.Simulation.Processes;

/// <summary>The newest version of which somebody has heard, at every moment of the past.</summary>
internal sealed class Knowledge
{
    private readonly List<(TimeSpan Time, long Version)> heard = [(TimeSpan.MinValue, 0)];

    /// <summary>The newest version of which anybody has heard.</summary>
    public long Newest => heard[^1].Version;

    /// <summary>Somebody hears of a version.</summary>
    public void Hear(TimeSpan now, long version)
    {
        if (version > Newest)
        {
            heard.Add((now, version));
        }
    }

    /// <summary>The newest version of which somebody had heard before that time.</summary>
    public long Before(TimeSpan time)
    {
        int last = heard.Count - 1;
        while (last > 0 && heard[last].Time >= time)
        {
            last--;
        }

        return heard[last].Version;
    }
}
