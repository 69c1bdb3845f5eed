using System.Text;
using Orleans.Runtime;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Membership;

/// <summary>What is in the object of a cluster, and what is refused.</summary>
public sealed class MembersObjectTests : IAsyncDisposable
{
    private readonly MemoryStore store = new();

    public ValueTask DisposeAsync() => store.DisposeAsync();

    /// <summary>Silos of different versions share the object, so its form is not to change unnoticed.</summary>
    [Fact]
    public async Task The_format_is_this()
    {
        var entry = Table.Entry(1, SiloStatus.Active);
        entry.AddSuspector(Table.Silo(2), new DateTime(2026, 5, 1, 12, 0, 2, DateTimeKind.Utc));
        await Table.On(store, seed: 1).InsertAsync(entry);
        Assert.Equal(
            """
            {"format":1,"clusterId":"Test Cluster/1","writeId":"ID1","version":1,"versionTag":"ID0","earlierTags":["none"],
            "members":[{"silo":"10.0.0.2:11111@1001","tag":"ID0","status":"Active","siloName":"silo 1","hostName":"host","proxyPort":30000,
            "startTime":"2026-05-01T12:00:00Z","iAmAliveTime":"2026-05-01T12:00:01Z","updateZone":0,"faultZone":0,
            "suspicions":[{"silo":"10.0.0.3:11111@1002","time":"2026-05-01T12:00:02Z"}]}]}
            """.ReplaceLineEndings(""),
            WithoutIds(await TextAsync()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("not JSON")]
    [InlineData("[1]")]
    public async Task Something_else_is_a_clear_error(string content)
    {
        await store.WriteAsync(Table.Key, Encoding.UTF8.GetBytes(content), CancellationToken.None);
        await AssertDamagedAsync();
    }

    [Theory]
    [InlineData("\"version\":1", "\"version\":null")]
    [InlineData("\"version\":1", "\"version\":\"x\"")]
    [InlineData("\"version\":1,", "")]
    [InlineData("\"version\":1", "\"version\":1,\"new\":2")]
    [InlineData("\"siloName\":\"silo 1\"", "\"siloName\":null")]
    [InlineData("10.0.0.2:11111@1001", "10.0.0.2")]
    [InlineData("Joining", "Sleeping")]
    [InlineData("2026-05-01T12:00:01Z", "yesterday")]
    [InlineData("}]}", "}]")]
    public async Task Damage_is_a_clear_error(string before, string after)
    {
        await Table.On(store).InsertAsync(Table.Entry(1));
        await RewriteAsync(before, after);
        await AssertDamagedAsync();
    }

    [Fact]
    public async Task A_newer_format_is_refused_whatever_else_is_in_it()
    {
        await store.WriteAsync(Table.Key, Encoding.UTF8.GetBytes("""{"format":2,"rows":{}}"""), CancellationToken.None);
        var error = await Assert.ThrowsAsync<OrleansException>(Table.On(store).ReadAll);
        Assert.Contains("is in format 2, and this version of OrleansSqlite.Clustering knows format 1. Update it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_object_of_another_cluster_is_refused()
    {
        await Table.On(store).InsertAsync(Table.Entry(1));
        await RewriteAsync(Table.Cluster, "other");
        var error = await Assert.ThrowsAsync<OrleansException>(Table.On(store).ReadAll);
        Assert.Contains("belongs to the cluster 'other'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_two_writes_leave_the_same_bytes()
    {
        var table = Table.On(store);
        await table.InsertAsync(Table.Entry(1));
        List<string> texts = [await TextAsync()];
        foreach (int minute in (int[])[1, 2, 1, 2])
        {
            await table.UpdateIAmAlive(new Orleans.MembershipEntry { SiloAddress = Table.Silo(1), IAmAliveTime = new DateTime(2026, 5, 1, 12, minute, 0, DateTimeKind.Utc) });
            texts.Add(await TextAsync());
        }

        Assert.Equal(5, texts.Distinct().Count());
    }

    private async Task AssertDamagedAsync()
    {
        var table = Table.On(store);
        string content = await TextAsync();
        foreach (Func<Task> call in (Func<Task>[])
            [
                table.ReadAll, () => table.InitializeMembershipTable(true), () => table.InsertRow(Table.Entry(1), new Orleans.TableVersion(1, "none")),
                () => table.UpdateIAmAlive(Table.Entry(1)), Table.GatewaysOn(store).GetGateways,
            ])
        {
            var error = await Assert.ThrowsAsync<OrleansException>(call);
            Assert.Contains($"'{Table.Cluster}' (store memory:, object {Table.Key}) is damaged", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(content, await TextAsync());
    }

    private async Task<string> TextAsync() => Encoding.UTF8.GetString((await store.ReadAsync(Table.Key, null, CancellationToken.None)).Content.Span);

    private async Task RewriteAsync(string before, string after)
    {
        string text = await TextAsync();
        Assert.Contains(before, text, StringComparison.Ordinal);
        await store.WriteAsync(Table.Key, Encoding.UTF8.GetBytes(text.Replace(before, after, StringComparison.Ordinal)), CancellationToken.None);
    }

    private static string WithoutIds(string text)
    {
        var entropy = new Entropy(1);
        return text.Replace(entropy.Next128().ToString("x32", null), "ID0", StringComparison.Ordinal).Replace(entropy.Next128().ToString("x32", null), "ID1", StringComparison.Ordinal);
    }
}
