namespace OrleansSqlite.Clustering;

/// <summary>Where the list of a cluster's silos is kept. Silos and clients of one cluster name the same store.</summary>
public sealed class OrleansSqliteClusteringOptions : OrleansSqliteStoreOptions;
