using System.Globalization;

namespace OrleansSqlite.Worker;

/// <summary>A verb and its options: <c>verb --name value …</c>.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> options = [];

    public Arguments(string[] arguments)
    {
        if (arguments.Length % 2 == 0)
        {
            throw new ArgumentException("A verb comes first, then pairs of --name and value.");
        }

        Verb = arguments[0];
        for (int i = 1; i < arguments.Length; i += 2)
        {
            options.Add(arguments[i], arguments[i + 1]);
        }
    }

    /// <summary>The verb.</summary>
    public string Verb { get; }

    /// <summary>An option that must be there.</summary>
    public string this[string name] => Find(name) ?? throw new ArgumentException($"The option {name} is missing.");

    /// <summary>An option that may be there.</summary>
    public string? Find(string name) => options.GetValueOrDefault(name);

    /// <summary>A number; 0 if it is not there.</summary>
    public int Number(string name) => int.Parse(Find(name) ?? "0", CultureInfo.InvariantCulture);

    /// <summary>Opens the engine on the store that the options name.</summary>
    public Task<DatabaseEngine> OpenEngineAsync()
    {
        var options = new DatabaseOptions();
        if (Find("--inline-bytes") is not null)
        {
            options = options with { InlineBytes = Number("--inline-bytes") };
        }

        if (Find("--cache-mib") is not null)
        {
            options = options with { PageCacheBytes = (long)Number("--cache-mib") << 20 };
        }

        return DatabaseEngine.OpenAsync(this["--store"], options);
    }
}
