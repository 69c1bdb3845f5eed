namespace OrleansSqlite;

/// <summary>What a closure gave, once its transaction is durable.</summary>
/// <typeparam name="T">The closure's result.</typeparam>
/// <param name="Version">The version that carries it; for one that changed nothing, a version at which that was so.</param>
/// <param name="Value">The closure's result, from the run that was committed.</param>
public sealed record WriteResult<T>(long Version, T Value);
