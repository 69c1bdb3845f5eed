using Microsoft.EntityFrameworkCore.Storage;

namespace OrleansSqlite.EntityFrameworkCore.Storage;

/// <summary>Makes the strategy of a context: the caller's, if they gave one, else the one that runs units again.</summary>
internal sealed class StrategyFactory(ExecutionStrategyDependencies dependencies) : RelationalExecutionStrategyFactory(dependencies)
{
    /// <inheritdoc/>
    protected override IExecutionStrategy CreateDefaultStrategy(ExecutionStrategyDependencies dependencies) => new OrleansSqliteExecutionStrategy(dependencies);
}
