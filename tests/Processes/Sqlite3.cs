using System.Diagnostics;
using System.Security.Cryptography;

namespace OrleansSqlite.Tests;

/// <summary>A test that needs the <c>sqlite3</c> program.</summary>
public sealed class Sqlite3FactAttribute : FactAttribute
{
    public Sqlite3FactAttribute() => Skip = Sqlite3.WhyNot;
}

/// <summary>A test with data that needs the <c>sqlite3</c> program.</summary>
public sealed class Sqlite3TheoryAttribute : TheoryAttribute
{
    public Sqlite3TheoryAttribute() => Skip = Sqlite3.WhyNot;
}

/// <summary>The <c>sqlite3</c> program: SQLite as the rest of the world runs it.</summary>
internal static class Sqlite3
{
    private const string Program = "sqlite3";

    /// <summary>Why tests that need it cannot run, or null.</summary>
    public static string? WhyNot { get; } = IsThere() ? null : "Needs the sqlite3 program: apt-get install sqlite3";

    /// <summary>Runs a script of SQL and dot commands, and gives its output as lines.</summary>
    public static async Task<string[]> RunAsync(string file, string script)
    {
        using var process = Start(file, script);
        string output = await process.StandardOutput.ReadToEndAsync();
        await EndAsync(process, script);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The digest of what <c>.dump</c> says: schema and rows as SQL.</summary>
    public static async Task<string> DumpDigestAsync(string file)
    {
        using var process = Start(file, ".dump");
        byte[] digest = await SHA256.HashDataAsync(process.StandardOutput.BaseStream);
        await EndAsync(process, ".dump");
        return Convert.ToHexString(digest);
    }

    /// <summary>Asserts that a file is sound.</summary>
    public static async Task AssertSoundAsync(string file) => Assert.Equal(["ok"], await RunAsync(file, "PRAGMA integrity_check;"));

    /// <summary>Starts one that runs a script and then waits for more: its connection stays open until its input ends.</summary>
    public static Process Open(string file)
    {
        var start = new ProcessStartInfo(Program, ["-bail", "-batch", file])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    private static Process Start(string file, string script)
    {
        var process = Open(file);
        process.StandardInput.Write(script);
        process.StandardInput.Close();
        return process;
    }

    private static async Task EndAsync(Process process, string script)
    {
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0 && errors.Length == 0, $"sqlite3 failed ({process.ExitCode}) on {script}: {errors}");
    }

    private static bool IsThere() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, Program)));
}
