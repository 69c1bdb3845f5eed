namespace OrleansSqlite.Tests;

/// <summary>The assembly in which the test runner finds what is shared between projects by its source.</summary>
internal static class TestAssembly
{
    public const string Name = "OrleansSqlite.Clustering.Tests";
}
