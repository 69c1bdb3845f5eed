namespace OrleansSqlite.Tests;

/// <summary>Verify and repair, as somebody uses them whose store has lost bits.</summary>
public sealed class RepairTests : IDisposable
{
    private readonly Sandbox box = new();

    [Fact]
    public async Task What_is_whole_is_said_to_be_and_not_repaired()
    {
        await MakeAsync();
        Assert.StartsWith("shop is whole: version 4, ", (await box.RunAsync("verify", "shop")).Ok().Out, StringComparison.Ordinal);
        var history = (await box.RunAsync("verify", "shop", "--history")).Ok();
        Assert.Contains("whole    versions 0 to 4", history.Out, StringComparison.Ordinal);
        Assert.StartsWith("shop is whole: version 2, ", (await box.RunAsync("verify", "shop", "--version", "2")).Ok().Out, StringComparison.Ordinal);
        var json = (await box.RunAsync("verify", "shop", "--json")).Ok().Json();
        Assert.True(json.GetProperty("whole").GetBoolean());
        Assert.Equal(0, json.GetProperty("findings").GetArrayLength());
        (await box.RunAsync("repair", "shop")).Failed(2, "nothing to repair");
        (await box.RunAsync("verify", "none")).Failed(2, "no database");
        (await box.RunAsync("verify", "shop", "--history", "--version", "2")).Failed(2, "--history");
    }

    [Fact]
    public async Task A_damaged_segment_is_named_and_the_version_before_it_comes_back()
    {
        await MakeAsync();
        var segment = Directory.GetFiles(Path.Combine(box.StoreFolder, "shop", "segments")).Single();
        Flip(segment, 3000);

        var verify = await box.RunAsync("verify", "shop");
        Assert.Equal(6, verify.ExitCode);
        Assert.Contains($"damaged  shop/segments/{Path.GetFileName(segment)} at byte ", verify.Out, StringComparison.Ordinal);
        Assert.Contains("of large", verify.Out, StringComparison.Ordinal);
        Assert.Contains("what is still whole: orleans-sqlite verify shop --history", verify.Out, StringComparison.Ordinal);
        var json = await box.RunAsync("verify", "shop", "--history", "--json");
        Assert.Equal(6, json.ExitCode);
        Assert.False(json.Json().GetProperty("whole").GetBoolean());

        var would = (await box.RunAsync("repair", "shop", "--dry-run")).Ok();
        Assert.Contains("the newest version that is whole is version 2", would.Out, StringComparison.Ordinal);
        Assert.Contains("2 commits after it", would.Out, StringComparison.Ordinal);
        Assert.Equal(6, (await box.RunAsync("query", "shop", "select count(x) from large")).ExitCode);
        var salvaged = (await box.RunAsync("repair", "shop", "--salvage", box.File("rest.db"))).Ok();
        Assert.Contains("lost pages ", salvaged.Out, StringComparison.Ordinal);
        Assert.EndsWith("repaired shop: version 5 has its rows\n", (await box.RunAsync("repair", "shop")).Ok().Out, StringComparison.Ordinal);
        Assert.Equal("1\n", (await box.RunAsync("query", "shop", "select count(*) from small")).Ok().Out);
        (await box.RunAsync("verify", "shop")).Ok();
    }

    [Fact]
    public async Task A_damaged_head_is_replaced()
    {
        await MakeAsync();
        Flip(Path.Combine(box.StoreFolder, "shop", "head"), 40);
        var verify = await box.RunAsync("verify", "shop");
        Assert.Equal(6, verify.ExitCode);
        Assert.Contains("whole    version", verify.Out, StringComparison.Ordinal);

        var json = (await box.RunAsync("repair", "shop", "--json")).Ok().Json();
        Assert.True(json.GetProperty("headDamaged").GetBoolean());
        Assert.True(json.GetProperty("version").GetInt64() > 1_000_000);
        Assert.Equal("1\n", (await box.RunAsync("query", "shop", "select count(*) from small")).Ok().Out);
    }

    public void Dispose() => box.Dispose();

    /// <summary>Flips a bit of a file.</summary>
    private static void Flip(string file, int at)
    {
        byte[] content = File.ReadAllBytes(file);
        content[at] ^= 1;
        File.WriteAllBytes(file, content);
    }

    private async Task MakeAsync()
    {
        await box.RunAsync("create", "shop");
        (await box.RunAsync("execute", "shop", "create table small(x); create table large(x)")).Ok();
        (await box.RunAsync("execute", "shop", "insert into small values (1)")).Ok();
        (await box.RunAsync("execute", "shop", "with recursive c(n) as (select 1 union all select n + 1 from c where n < 3000) insert into large select hex(randomblob(600)) from c")).Ok();
        (await box.RunAsync("execute", "shop", "insert into small values (2)")).Ok();
    }
}
