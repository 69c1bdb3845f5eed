using OrleansSqlite.Server;
using OrleansSqlite.Silo;

namespace OrleansSqlite.Tests;

/// <summary>Settings are checked before anything starts, and the message says which one and what it may be.</summary>
public sealed class SettingsTests
{
    [Fact]
    public void Without_any_it_is_one_silo_on_this_machine()
    {
        var settings = SiloSettings.Read(["--store", "memory:"]);
        Assert.Equal((Backing.Local, Backing.Local, false, false), (settings.Clustering, settings.GrainStorage, settings.Reminders, settings.Dashboard));
        Assert.StartsWith("http://127.0.0.1:", settings.Urls, StringComparison.Ordinal);
        Assert.Equal(LogFormat.Text, settings.LogFormat);
    }

    [Theory]
    [InlineData("There is no setting 'stroe'.", "--stroe", "x")]
    [InlineData("'x' is no setting.", "x")]
    [InlineData("--clustering is 'localhost', 'store' or 'dynamodb', and not 'kubernetes'.", "--clustering", "kubernetes")]
    [InlineData("--grain-storage is 'memory', 'store' or 'dynamodb', and not 'disk'.", "--grain-storage=disk")]
    [InlineData("--reminders is 'none' or 'dynamodb', and not 'yes'.", "--reminders", "yes")]
    [InlineData("--dashboard is 'on' or 'off', and not 'true'.", "--dashboard", "true")]
    [InlineData("--silo-port 99999 is no port.", "--silo-port", "99999")]
    [InlineData("--advertised-address here is no IP address.", "--advertised-address", "here")]
    [InlineData("--log-format is 'text' or 'json', and not 'xml'.", "--log-format", "xml")]
    [InlineData("DynamoDB needs --dynamodb-service", "--clustering", "dynamodb")]
    public void A_wrong_one_is_named(string message, params string[] args) =>
        Assert.StartsWith(message, Assert.Throws<SettingException>(() => SiloSettings.Read(args)).Message, StringComparison.Ordinal);

    [Fact]
    public void Logs_can_be_written_for_programs() => Assert.Equal(LogFormat.Json, SiloSettings.Read(["--store", "memory:", "--log-format", "json"]).LogFormat);

    [Fact]
    public void The_command_line_goes_before_the_file()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{ "store": "memory:", "cluster-id": "from-file", "silo-port": 1234 }""");
            var settings = SiloSettings.Read(["--config", file, "--silo-port", "5678"]);
            Assert.Equal(("memory:", "from-file", 5678), (settings.Store, settings.ClusterId, settings.SiloPort));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Help_names_every_setting() =>
        Assert.Equal([], SettingsHelp.Names.Where(name => !SettingsHelp.Text.Contains($"--{name} ", StringComparison.Ordinal)));

    [Fact]
    public async Task Errors_go_to_standard_error_with_what_to_do_next()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(2, await SiloProgram.RunAsync(["--clustering", "none"], output, error));
        Assert.Equal("", output.ToString());
        Assert.StartsWith("error: --clustering", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("next:", error.ToString(), StringComparison.Ordinal);
    }
}
