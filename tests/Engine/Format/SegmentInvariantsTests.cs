using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

public sealed class SegmentInvariantsTests
{
    private static readonly SegmentEntry Dense = new Sample(1).Segment(SegmentKind.Dense, 4096, 5, 20, 3, 9).Entry;
    private static readonly SegmentEntry Sparse = new Sample(2).Segment(SegmentKind.Sparse, 4096, 5, 20, 3, 9).Entry;

    [Fact]
    public void Valid_entries_pass()
    {
        Assert.Null(SegmentInvariants.FirstBroken(Dense, 4096));
        Assert.Null(SegmentInvariants.FirstBroken(Sparse, 4096));
        Assert.Null(SegmentInvariants.FirstBroken(Dense with { InlineIndex = default }, 4096));
    }

    [Theory]
    [InlineData("no images", "it holds no pages and yet some")]
    [InlineData("page 0", "the pages 0 to 24 are out of order")]
    [InlineData("last before first", "are out of order")]
    [InlineData("page too high", "are out of order")]
    [InlineData("dense with a hole", "19 images are not all of the pages 5 to 24")]
    [InlineData("sparse without room", "do not fit the pages")]
    [InlineData("one page, two ends", "1 images do not fit the pages 5 to 6")]
    [InlineData("kind", "the kind 9 is unknown")]
    [InlineData("no pages per block", "there cannot be 0 pages in a block")]
    [InlineData("odd pages per block", "there cannot be 3 pages in a block")]
    [InlineData("many pages per block", "there cannot be 256 pages in a block")]
    [InlineData("large block", "32 pages of 4096 bytes are too large for a block")]
    [InlineData("too many blocks", "images are too many")]
    [InlineData("version 0", "the versions 0 to 9 are out of order")]
    [InlineData("versions upside down", "the versions 10 to 9 are out of order")]
    [InlineData("huge version", "are out of order")]
    [InlineData("blocks too short", "the index cannot begin at 53 behind 2 blocks")]
    [InlineData("blocks too long", "the index cannot begin at 81973 behind 2 blocks")]
    [InlineData("index too short", "the index cannot have 43 bytes")]
    [InlineData("index too long", "the index cannot have")]
    [InlineData("object too long", "is not the end of the index and a footer")]
    [InlineData("inline too short", "the copy of the index has 1 of")]
    [InlineData("inline too long", "the copy of the index has")]
    public void Each_rule_is_checked(string breach, string message)
    {
        var broken = Break(breach);

        Assert.Contains(message, SegmentInvariants.FirstBroken(broken, 4096) ?? "(holds)", StringComparison.Ordinal);
    }

    private static SegmentEntry Break(string breach) => breach switch
    {
        "no images" => Sparse with { Images = 0 },
        "page 0" => Dense with { FirstPage = 0 },
        "last before first" => Dense with { LastPage = 4 },
        "page too high" => Sparse with { LastPage = uint.MaxValue },
        "dense with a hole" => Dense with { Images = 19 },
        "sparse without room" => Sparse with { LastPage = 10 },
        "one page, two ends" => Sparse with { Images = 1, LastPage = 6 },
        "kind" => Sparse with { Kind = (SegmentKind)9 },
        "no pages per block" => Dense with { PagesPerBlock = 0 },
        "odd pages per block" => Dense with { PagesPerBlock = 3 },
        "many pages per block" => Dense with { PagesPerBlock = 256 },
        "large block" => Dense with { PagesPerBlock = 32 },
        "too many blocks" => Dense with { PagesPerBlock = 1, Images = Limits.MaxBlocks + 1, LastPage = 4 + Limits.MaxBlocks + 1 },
        "version 0" => Dense with { MinVersion = 0 },
        "versions upside down" => Dense with { MinVersion = 10 },
        "huge version" => Dense with { MaxVersion = Limits.MaxVersion + 1 },
        "blocks too short" => Dense with { IndexOffset = SegmentLayout.HeaderBytes + 1 },
        "blocks too long" => Dense with { IndexOffset = SegmentLayout.HeaderBytes + 20 * 4096 + 1 },
        "index too short" => Dense with { IndexBytes = 27 + 2 * 6 + 1 + 4 - 1 },
        "index too long" => Dense with { IndexBytes = 27 + 2 * 8 + 5 + 65536 * 34 + 4 + 1 },
        "object too long" => Dense with { ObjectBytes = Dense.ObjectBytes + 1 },
        "inline too short" => Dense with { InlineIndex = new byte[1] },
        "inline too long" => new Sample(3).Segment(SegmentKind.Dense, 4096, 1, 2, 1, 200, commits: 100) is var made
            ? made.Entry with { InlineIndex = made.Content.Slice((int)made.Entry.IndexOffset, made.Entry.IndexBytes) }
            : throw new InvalidOperationException(),
        _ => throw new ArgumentOutOfRangeException(nameof(breach)),
    };
}
