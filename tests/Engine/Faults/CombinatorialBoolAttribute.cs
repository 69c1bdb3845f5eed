using System.Reflection;
using Xunit.Sdk;

namespace OrleansSqlite.Tests.Faults;

/// <summary>Runs a theory with one parameter once with false and once with true.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CombinatorialBoolAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[false], [true]];
}
