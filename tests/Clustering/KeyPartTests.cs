using System.Text.RegularExpressions;
using OrleansSqlite.Clustering;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.GrainState;
using OrleansSqlite.Tests.Membership;

namespace OrleansSqlite.Tests;

/// <summary>Parts of keys, made of names that others chose.</summary>
public sealed partial class KeyPartTests
{
    [Theory]
    [InlineData("counter-17", "counter-17")]
    [InlineData("", "_")]
    [InlineData("_", "_5f")]
    [InlineData("Counter", "_43ounter")]
    [InlineData("a/b", "a_2fb")]
    [InlineData("..", "_2e_2e")]
    [InlineData("a_2fb", "a_5f2fb")]
    [InlineData("ä", "_c3_a4")]
    public void A_part_can_be_read(string text, string part) => Assert.Equal(part, KeyPart.Of(text));

    [Fact]
    public void A_long_text_is_cut_and_told_from_others_by_its_hash()
    {
        string longest = new('a', KeyPart.MaxChars);
        Assert.Equal(longest, KeyPart.Of(longest));
        string[] parts = [KeyPart.Of(longest + "a"), KeyPart.Of(longest + "b"), KeyPart.Of(new string('A', 56)), KeyPart.Of(new string('A', 57)), KeyPart.Of(new string('ä', 10_000))];
        Assert.Equal(parts.Length, parts.Distinct().Count());
        Assert.All(parts, part => Assert.Matches(Legal(), part));
        Assert.StartsWith(new string('a', 100) + ".", parts[0], StringComparison.Ordinal);
    }

    /// <summary>A file system may take capitals and small letters for the same.</summary>
    [Fact]
    public void Any_two_bytes_differ_even_where_case_does_not_count()
    {
        var parts = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (int first = 0; first < 256; first++)
        {
            Assert.True(parts.Add(KeyPart.Of([(byte)first])));
            for (int second = 0; second < 256; second++)
            {
                string part = KeyPart.Of([(byte)first, (byte)second]);
                Assert.Matches(Legal(), part);
                Assert.True(parts.Add(part), part);
            }
        }
    }

    [Fact]
    public void No_name_of_a_database_begins_as_these_folders_do()
    {
        Assert.Throws<DatabaseException>(() => DatabaseName.Check("_cluster"));
        Assert.Throws<DatabaseException>(() => DatabaseName.Check("_grains"));
    }

    /// <summary>Clusters and grains share a store with databases.</summary>
    [Fact]
    public async Task A_listing_of_databases_shows_databases_only()
    {
        var store = new MemoryStore();
        await using var engine = await DatabaseEngine.OpenAsync(store, new DatabaseOptions { ProbeStore = false });
        await engine.CreateAsync("app");
        await Table.On(store).InsertAsync(Table.Entry(1));
        await States.On(store).WriteStateAsync("state", States.Grain("head"), States.New("x"));
        List<string> folders = [];
        await foreach (string folder in store.ListFoldersAsync("", CancellationToken.None))
        {
            folders.Add(folder);
        }

        Assert.Equal(["_cluster", "_grains", "app"], folders);
        List<string> databases = [];
        await foreach (var database in engine.ListAsync())
        {
            databases.Add(database.Name);
        }

        Assert.Equal(["app"], databases);
    }

    [GeneratedRegex("^[a-z0-9_.-]{1,165}$")]
    private static partial Regex Legal();
}
