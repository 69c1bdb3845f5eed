namespace OrleansSqlite.Grains;

/// <summary>
/// Which databases activations of this silo use. The last one to leave closes the database in the engine, so that a silo's memory goes by
/// what is in use, and not by all that it has ever seen.
/// </summary>
internal sealed class OpenDatabases(DatabaseEngine engine)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> leases = [];

    /// <summary>A database for an activation, until it disposes of the lease.</summary>
    /// <exception cref="DatabaseException"><see cref="ErrorCodes.BadName"/>.</exception>
    public Lease Rent(string name)
    {
        DatabaseName.Check(name);
        lock (gate)
        {
            leases[name] = leases.GetValueOrDefault(name) + 1;
        }

        return new Lease(this, name);
    }

    /// <summary>The database, opened anew if the one that was open refuses to go on: deleted, or broken.</summary>
    internal EngineDatabase Open(string name) => engine.Open(name);

    internal Task ReturnAsync(string name)
    {
        lock (gate)
        {
            if (--leases[name] > 0)
            {
                return Task.CompletedTask;
            }

            leases.Remove(name);

            // It begins to close before anybody else can ask for it: who does gets it anew.
            return engine.CloseAsync(name);
        }
    }
}

/// <summary>The use of a database by one activation.</summary>
internal sealed class Lease(OpenDatabases databases, string name) : IAsyncDisposable
{
    private int returned;

    /// <summary>The database. Asked for at each use: a deleted one may have been created again.</summary>
    public EngineDatabase Database => databases.Open(name);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref returned, 1) == 0)
        {
            await databases.ReturnAsync(name);
        }
    }
}
