using OrleansSqlite.Combining;

namespace OrleansSqlite.Tests.Combining;

/// <summary>What waiting is counted in.</summary>
public sealed class SwapPaceTests
{
    private static readonly TimeSpan Cold = TimeSpan.FromSeconds(3);

    /// <summary>A process that has just started loses its first race slowly, leaves its write, and swaps no more.</summary>
    [Fact]
    public void A_cold_start_does_not_slow_all_waiting_down()
    {
        var pace = new SwapPace();
        pace.Observe(Cold, landed: false);
        Assert.InRange(pace.Time, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(40)]
    [InlineData(400)]
    public void What_is_seen_again_and_again_is_the_pace(int milliseconds)
    {
        var pace = new SwapPace();
        for (int i = 0; i < 30; i++)
        {
            pace.Observe(TimeSpan.FromMilliseconds(milliseconds), landed: true);
        }

        Assert.InRange(pace.Time.TotalMilliseconds, Math.Max(5, milliseconds * 0.8), Math.Max(5, milliseconds * 1.2));
    }

    [Fact]
    public void It_has_bounds()
    {
        var pace = new SwapPace();
        for (int i = 0; i < 50; i++)
        {
            pace.Observe(Cold, landed: true);
        }

        Assert.Equal(TimeSpan.FromSeconds(1), pace.Time);
    }
}
