using System.Diagnostics.Metrics;
using System.Reflection;

namespace OrleansSqlite.Tests;

/// <summary>What an operator can set, see or meet is on a page: a new setting, error, metric or crash point is not forgotten there.</summary>
public sealed class DocsCoverageTests
{
    [Fact]
    public void Every_setting_is_described() => AssertNamed("docs/OPERATIONS.md", Properties(typeof(DatabaseOptions)));

    [Fact]
    public void Every_setting_for_S3_is_described() => AssertNamed("docs/OPERATIONS.md", Properties(typeof(Stores.S3Options)));

    [Fact]
    public void Every_parameter_of_a_URL_is_described() =>
        AssertNamed("docs/OPERATIONS.md", Stores.S3UrlParameters.Names);

    [Fact]
    public void Every_error_code_is_described() =>
        AssertNamed("docs/OPERATIONS.md", [.. typeof(ErrorCodes).GetFields().Select(field => (string)field.GetRawConstantValue()!)]);

    [Fact]
    public void Every_point_at_which_a_process_may_die_is_described() => AssertNamed("docs/PROTOCOL.md", Enum.GetNames<Commit.CommitPoint>());

    [Fact]
    public void Every_metric_is_described()
    {
        List<string> names = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == Metrics.Name)
            {
                names.Add(instrument.Name);
            }
        };
        listener.Start();

        // The instruments come to be when the class is first used.
        System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(Metrics).TypeHandle);
        AssertNamed("docs/OPERATIONS.md", names);
    }

    private static void AssertNamed(string page, IReadOnlyCollection<string> names)
    {
        string text = Repository.Read(page);
        Assert.NotEmpty(names);
        Assert.Equal([], names.Where(name => !text.Contains($"`{name}`", StringComparison.Ordinal)));
    }

    private static string[] Properties(Type type) =>
        [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name)];
}
