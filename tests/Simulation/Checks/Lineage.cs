namespace OrleansSqlite.Simulation.Checks;

/// <summary>Which versions the newest one goes back to. All of them, but for those that a restore has taken back.</summary>
internal sealed class Lineage(Annals annals)
{
    private readonly HashSet<long> asked = [];
    private readonly HashSet<long> restores = [];

    /// <summary>Somebody asks for that version to be restored; whether that comes about is seen by the heads that land.</summary>
    public void Ask(long version) => asked.Add(version);

    /// <summary>A head has landed that is a restore.</summary>
    public void Restored(long version) => restores.Add(version);

    /// <summary>What a version goes back to.</summary>
    public Descent Of(long version)
    {
        HashSet<long> versions = [];
        for (long at = version; at > 0; at = restores.Contains(at) ? Origin(at) : at - 1)
        {
            versions.Add(at);
        }

        long last = restores.Where(restore => restore <= version).DefaultIfEmpty().Max();
        return new Descent(versions, last == 0 ? new HashSet<string>() : annals.MarkersOf(last));
    }

    /// <summary>A head does not say what it restores; its pages do.</summary>
    private long Origin(long restore) => asked.Where(version => version < restore).OrderDescending().Cast<long?>().FirstOrDefault(version => annals.HashOf(version!.Value) == annals.HashOf(restore))
        ?? throw new CheckFailedException($"Version {restore} restores one that nobody asked for.");
}

/// <summary>What a version goes back to.</summary>
/// <param name="Versions">The versions that no restore has taken back.</param>
/// <param name="Restored">
/// The markers that the last restore has brought. A write that was told at a version taken back may be among them: it had been carried before,
/// unknown to its caller, and that was taken back and then restored.
/// </param>
internal sealed record Descent(IReadOnlySet<long> Versions, IReadOnlySet<string> Restored);
