using Microsoft.EntityFrameworkCore.Update;

namespace OrleansSqlite.EntityFrameworkCore.Storage;

/// <summary>Makes the commands of SaveChanges, one by one, as EF Core's SQLite provider does.</summary>
internal sealed class TransactedBatchFactory(ModificationCommandBatchFactoryDependencies dependencies) : IModificationCommandBatchFactory
{
    /// <inheritdoc/>
    public ModificationCommandBatch Create() => new Transacted(dependencies);

    /// <summary>
    /// EF Core runs a single command without a transaction. Here it has one: its COMMIT records the operation id that tells, if the
    /// store does not, whether it took effect.
    /// </summary>
    private sealed class Transacted(ModificationCommandBatchFactoryDependencies dependencies) : SingularModificationCommandBatch(dependencies)
    {
        public override bool RequiresTransaction => true;
    }
}
