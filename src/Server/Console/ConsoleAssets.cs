using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace OrleansSqlite.Server;

/// <summary>The files of the console, as <c>src/Console</c> was built into them: part of the assembly, so that a server needs nothing beside itself.</summary>
internal sealed class ConsoleAssets
{
    /// <summary>The page itself.</summary>
    public const string Index = "index.html";

    private const string Prefix = "console/";

    private readonly FrozenDictionary<string, ConsoleAsset> assets = Read().ToFrozenDictionary(asset => asset.Name);

    /// <summary>All there are.</summary>
    public IEnumerable<ConsoleAsset> All => assets.Values;

    /// <summary>The file of this name, if there is one.</summary>
    public ConsoleAsset? Find(string name) => assets.GetValueOrDefault(name);

    private static IEnumerable<ConsoleAsset> Read()
    {
        var assembly = typeof(ConsoleAssets).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            yield return new(resource[Prefix.Length..], bytes);
        }
    }
}

/// <summary>One file of the console.</summary>
internal sealed class ConsoleAsset(string name, byte[] bytes)
{
    private readonly Lazy<byte[]> brotli = new(() => Compress(bytes));

    /// <summary>Its name, without a folder.</summary>
    public string Name => name;

    /// <summary>What is in it.</summary>
    public byte[] Bytes => bytes;

    /// <summary>The same, compressed when it is first asked for.</summary>
    public byte[] Brotli => brotli.Value;

    /// <summary>Whether its name says what is in it, so that it may be kept for ever: the build puts a hash into all names but those that people ask for.</summary>
    public bool IsImmutable { get; } = Path.GetExtension(name) is ".js" or ".css" or ".svg";

    /// <summary>Changes with what is in it.</summary>
    public EntityTagHeaderValue Tag { get; } = new($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}\"");

    /// <summary>What it is.</summary>
    public string ContentType { get; } = Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".md" => "text/markdown; charset=utf-8",
        var other => throw new InvalidOperationException($"The console has a file {name}, and no type is known for {other}. Add it here."),
    };

    private static byte[] Compress(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var writer = new BrotliStream(compressed, CompressionLevel.Optimal))
        {
            writer.Write(bytes);
        }

        return compressed.ToArray();
    }
}
