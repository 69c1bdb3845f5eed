using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using OrleansSqlite.Silo;

namespace OrleansSqlite.Tests;

/// <summary>What deploy builds, without a container around it: the same program, environment and rights.</summary>
public sealed partial class ContainerTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>A user that no file belongs to.</summary>
    private const string Nobody = "65532";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orleans-sqlite-");

    public async ValueTask DisposeAsync()
    {
        await RunAsync("chmod", "-R", "u+w", folder.FullName);
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task What_the_image_holds_serves_without_rights_says_that_it_lives_and_ends_when_asked()
    {
        string app = Path.Combine(folder.FullName, "app");
        string data = folder.CreateSubdirectory("data").FullName;
        await PublishAsync(app);
        await RunAsync("chmod", "-R", "a=rX", app);
        await RunAsync("chmod", "a+rx", folder.FullName);
        await RunAsync("chmod", "a+rwx", data);

        // The paths and ports of the container are not this machine's.
        Assert.Equal(Dockerfile.Environment["ORLEANSSQLITE_STORE"], $"file://{Dockerfile.Volume}");
        Assert.EndsWith(":8080", Dockerfile.Environment["ORLEANSSQLITE_URLS"], StringComparison.Ordinal);
        var environment = new Dictionary<string, string>(Dockerfile.Environment)
        {
            ["ORLEANSSQLITE_STORE"] = $"file://{data}",
            ["ORLEANSSQLITE_URLS"] = Dockerfile.Environment["ORLEANSSQLITE_URLS"].Replace("8080", $"{SiloProcess.FreePort()}", StringComparison.Ordinal),
            ["ORLEANSSQLITE_ALLOW_ANONYMOUS"] = "on",
            ["ORLEANSSQLITE_SILO_PORT"] = $"{SiloProcess.FreePort()}",
            ["ORLEANSSQLITE_GATEWAY_PORT"] = $"{SiloProcess.FreePort()}",
        };
        Assert.Equal(1, (await EndAsync(Contained(Dockerfile.HealthCheck, app, environment))).Code);

        await using var silo = await SiloProcess.StartAsync(Contained(Dockerfile.Entry, app, environment));
        Assert.Equal(HttpStatusCode.Created, (await silo.Client.PutAsync("v1/databases/shop", null)).StatusCode);
        Assert.NotEmpty(Directory.EnumerateFileSystemEntries(data));
        Assert.Equal((0, "live\n"), await EndAsync(Contained(Dockerfile.HealthCheck, app, environment)));

        var (code, _, error) = await silo.StopAsync();
        Assert.Equal((0, ""), (code, error));
    }

    /// <summary>A misspelt variable would be no error, but a setting that is not set.</summary>
    [Fact]
    public void Compose_and_image_name_settings_that_there_are_with_values_that_they_take()
    {
        string compose = Repository.Read("deploy/compose.yaml");
        var inCompose = Variable().Matches(compose).Select(match => KeyValuePair.Create(match.Groups[1].Value, match.Groups[3].Value)).ToArray();
        Assert.Equal(Regex.Count(compose, SiloSettings.Prefix), inCompose.Length);
        Assert.Contains(inCompose, variable => variable is { Key: "ORLEANSSQLITE_CLUSTERING", Value: "dynamodb" });

        var settings = Dockerfile.Environment.Concat(inCompose)
            .Where(variable => variable.Key.StartsWith(SiloSettings.Prefix, StringComparison.Ordinal))
            .Select(variable => (Name: variable.Key[SiloSettings.Prefix.Length..].Replace('_', '-'), variable.Value)).ToArray();
        Assert.Equal([], settings.Where(setting => !SettingsHelp.Names.Contains(setting.Name)));

        // Those of compose come after those of the image.
        var values = settings.GroupBy(setting => setting.Name).ToDictionary(group => group.Key, group => (string?)group.Last().Value);
        var read = SiloSettings.From(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        Assert.Equal((Backing.DynamoDB, Backing.DynamoDB, true), (read.Clustering, read.GrainStorage, read.Reminders));
    }

    [Fact]
    public void Nothing_is_built_from_files_that_do_not_travel_to_the_builder()
    {
        string[] travel = [.. File.ReadLines(Repository.PathOf(".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..])];
        Assert.All(travel, file => Assert.True(Path.Exists(Repository.PathOf(file)), file));
        Assert.Equal([], Directory.EnumerateFiles(Repository.Root).Select(Path.GetFileName).Where(AffectsBuild).Except(travel));
    }

    private static bool AffectsBuild(string? file) =>
        file is "global.json" or ".editorconfig" || (file!.StartsWith("Directory.", StringComparison.Ordinal) && Path.GetExtension(file) is ".props" or ".targets");

    private static async Task PublishAsync(string output)
    {
        string[] arguments = [.. Dockerfile.Publish];
        arguments[Array.IndexOf(arguments, "--output") + 1] = output;

        // Servers that the SDK leaves running would hold the output open.
        await RunAsync("dotnet", [.. arguments, "-nodeReuse:false", "-p:UseSharedCompilation=false"]);
    }

    /// <summary>A program of the image as the container starts it: with nothing but its environment, and no rights where the test can give them away.</summary>
    private static ProcessStartInfo Contained(string[] command, string app, Dictionary<string, string> environment)
    {
        string image = Path.GetDirectoryName(Dockerfile.Entry[0])!;
        string[] inner = [command[0].Replace(image, app, StringComparison.Ordinal), .. command[1..]];
        string[] outer = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", Nobody, "--regid", Nobody, "--clear-groups", "--no-new-privs", .. inner] : inner;
        var start = new ProcessStartInfo(outer[0], outer[1..]) { WorkingDirectory = app, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in start.Environment.Keys.Where(name => name is not "PATH" and not "DOTNET_ROOT").ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static async Task RunAsync(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true, RedirectStandardError = true };
        var (code, output) = await EndAsync(start);
        Assert.True(code == 0, output);
    }

    private static async Task<(int Code, string Output)> EndAsync(ProcessStartInfo start)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        string output = await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, output + await error);
    }

    [GeneratedRegex(@"^ +(ORLEANSSQLITE_\w+): *([""']?)(\S+)\2 *$", RegexOptions.Multiline)]
    private static partial Regex Variable();
}
