namespace OrleansSqlite.Tests;

public sealed class EntropyTests
{
    [Fact]
    public void The_same_seed_gives_the_same_values()
    {
        Assert.Equal(Draw(new Entropy(1)), Draw(new Entropy(1)));
        Assert.NotEqual(Draw(new Entropy(1)), Draw(new Entropy(2)));
        Assert.NotEqual(Draw(Entropy.System), Draw(Entropy.System));

        static (UInt128, Guid, double, TimeSpan) Draw(Entropy entropy) =>
            (entropy.Next128(), entropy.NextGuid(), entropy.NextDouble(), entropy.Jitter(TimeSpan.FromDays(1)));
    }

    [Fact]
    public void The_values_of_a_seed_stay_what_they_are()
    {
        // SplitMix64 of seed 0, as published: a seed in a report of a failure must mean the same tomorrow.
        Assert.Equal(new UInt128(0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4), new Entropy(0).Next128());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Numbers_are_spread_evenly_over_their_range(bool seeded)
    {
        Entropy entropy = seeded ? new Entropy(7) : Entropy.System;
        double[] numbers = [.. Enumerable.Range(0, 100_000).Select(_ => entropy.NextDouble())];
        Assert.All(numbers, number => Assert.InRange(number, 0, 0.9999999999999999));
        Assert.All(numbers.CountBy(number => (int)(number * 10)), tenth => Assert.InRange(tenth.Value, 9_000, 11_000));

        TimeSpan[] pauses = [.. Enumerable.Range(0, 1000).Select(_ => entropy.Jitter(TimeSpan.FromMilliseconds(100)))];
        Assert.All(pauses, pause => Assert.InRange(pause, TimeSpan.Zero, TimeSpan.FromMilliseconds(100)));
        Assert.True(pauses.Min() < TimeSpan.FromMilliseconds(10) && pauses.Max() > TimeSpan.FromMilliseconds(90));
        Assert.Equal(TimeSpan.Zero, entropy.Jitter(TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => entropy.Jitter(TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void Threads_never_draw_the_same_value()
    {
        var entropy = new Entropy(3);
        UInt128[] values = [.. ParallelEnumerable.Range(0, 100_000).Select(_ => entropy.Next128())];
        Assert.Equal(values.Length, values.Distinct().Count());
    }

    [Fact]
    public void Guids_are_random_ones()
    {
        Guid guid = new Entropy(5).NextGuid();
        Assert.Equal((4, 8), (guid.Version, guid.Variant & 0xC));
    }
}
