namespace OrleansSqlite.Tests;

/// <summary>The directions in which the projects depend on each other. ARCHITECTURE.md draws them.</summary>
public sealed class ArrowTests
{
    private const string AspNet = "Microsoft.AspNetCore.App";

    /// <summary>What each project of the product may refer to. A package that ends with a dot stands for all that begin so.</summary>
    private static readonly Dictionary<string, Rule> Rules = new()
    {
        ["Engine"] = new([], ["AWSSDK.S3", "Microsoft.Data.Sqlite.Core", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "SQLitePCLRaw.bundle_e_sqlite3"]),
        ["EntityFrameworkCore"] = new(["Engine"], ["Microsoft.EntityFrameworkCore."]),
        ["Server"] = new(["Engine"], ["BouncyCastle.Cryptography", "Google.Protobuf", "Grpc.Tools", "Microsoft.IdentityModel.JsonWebTokens", "OpenTelemetry", "OpenTelemetry.Exporter.OpenTelemetryProtocol"], AspNet),
        ["Cli"] = new(["Engine", "Server"], ["Spectre.Console", "System.CommandLine"], AspNet),
        ["Abstractions"] = new(["Engine"], ["Microsoft.Orleans.Sdk"]),
        ["Clustering"] = new(["Engine"], ["Microsoft.Orleans."]),
        ["Grains"] = new(["Abstractions", "Engine"], ["Microsoft.Orleans."]),
        ["Client"] = new(["Abstractions", "Engine"], ["Microsoft.Orleans."]),
        ["Silo"] = new(["Abstractions", "Client", "Clustering", "Engine", "Grains", "Server"], ["Microsoft.Orleans.", "AWSSDK."], AspNet),
    };

    /// <summary>Projects that are built without Orleans: a user of the library must not get it by way of another package.</summary>
    private static readonly string[] WithoutOrleans = ["Engine", "EntityFrameworkCore", "Server", "Cli"];

    public static TheoryData<string> Products => [.. Project.All.Where(project => project.IsProduct).Select(project => project.Name)];

    public static TheoryData<string> CoreProducts => [.. Project.Core.Select(project => project.Name)];

    [Theory]
    [MemberData(nameof(Products))]
    public void A_project_refers_only_to_what_lies_below_it(string name)
    {
        Assert.True(Rules.TryGetValue(name, out var rule), $"There is a new project, {name}: say here what it may depend on.");
        var project = Project.All.Single(project => project.IsProduct && project.Name == name);
        Assert.Equal([], project.Projects.Select(file => Path.GetFileNameWithoutExtension(file)).Except(rule.Projects));
        Assert.Equal([], project.Packages.Where(package => !rule.Packages.Any(allowed => allowed.EndsWith('.') ? package.StartsWith(allowed, StringComparison.Ordinal) : package == allowed)));
        Assert.Equal([], project.Frameworks.Except(rule.Frameworks));
        Assert.False(project.NeedsOrleans && WithoutOrleans.Contains(name), $"{name} must do without Orleans.");
    }

    [Fact]
    public void A_product_never_refers_to_a_test() =>
        Assert.Equal([], Project.All.Where(project => project.IsProduct).SelectMany(project => project.Projects).Where(file => !file.StartsWith("src/", StringComparison.Ordinal)));

    /// <summary>A new project without Orleans joins the references of this one, or its assembly is never looked into.</summary>
    [Fact]
    public void These_tests_look_into_every_assembly_that_does_without_Orleans() =>
        Assert.Equal(
            Project.Core.Select(project => project.File).Order(),
            Project.All.Single(project => project.Name == "Architecture").Projects.Order());

    [Theory]
    [MemberData(nameof(CoreProducts))]
    public void An_assembly_refers_only_to_what_its_project_may(string name)
    {
        using var assembly = BuiltAssembly.Of(name);
        var rule = Rules[name];
        foreach (string reference in assembly.References)
        {
            bool allowed = reference.StartsWith("OrleansSqlite.", StringComparison.Ordinal)
                ? rule.Projects.Contains(reference["OrleansSqlite.".Length..])
                : IsRuntime(reference)
                    || (rule.Frameworks.Contains(AspNet) && reference.StartsWith("Microsoft.", StringComparison.Ordinal) && !reference.Contains("Orleans", StringComparison.Ordinal))
                    || (BringsAlong.TryGetValue(name, out string[]? brought) && brought.Contains(reference));
            Assert.True(allowed, $"The assembly of {name} must not refer to {reference}.");
        }
    }

    /// <summary>The assemblies that come with the packages.</summary>
    private static Dictionary<string, string[]> BringsAlong => new()
    {
        ["Engine"] = ["AWSSDK.Core", "AWSSDK.S3", "Microsoft.Data.Sqlite", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "SQLitePCLRaw.batteries_v2", "SQLitePCLRaw.core"],
        ["EntityFrameworkCore"] =
        [
            "Microsoft.Data.Sqlite", "Microsoft.EntityFrameworkCore", "Microsoft.EntityFrameworkCore.Abstractions", "Microsoft.EntityFrameworkCore.Relational", "Microsoft.EntityFrameworkCore.Sqlite",
            "Microsoft.Extensions.DependencyInjection.Abstractions", "SQLitePCLRaw.core",
        ],
        ["Server"] = ["BouncyCastle.Cryptography", "Google.Protobuf", "OpenTelemetry", "OpenTelemetry.Api", "OpenTelemetry.Api.ProviderBuilderExtensions", "OpenTelemetry.Exporter.OpenTelemetryProtocol", "SQLitePCLRaw.core"],
        ["Cli"] = ["Spectre.Console", "System.CommandLine", "Microsoft.Data.Sqlite", "SQLitePCLRaw.batteries_v2", "SQLitePCLRaw.core"],
    };

    private static bool IsRuntime(string reference) =>
        reference.StartsWith("System.", StringComparison.Ordinal) || reference is "System" or "netstandard" or "mscorlib" or "Microsoft.Win32.Primitives" or "Microsoft.CSharp";

    private sealed record Rule(string[] Projects, string[] Packages, params string[] Frameworks);
}
