using System.Buffers.Binary;
using System.Text;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Verification;

/// <summary>
/// Says to which tables lost pages belong, by going down the b-trees that can still be read. Interior pages alone are read, so it costs little. A page that
/// no tree leads to (an overflow page, a free one, one below another lost page) belongs to nothing that can be told.
/// </summary>
internal sealed class TablesOfPages(VersionPages pages, PageSet lost)
{
    private const int HeaderBytes = 100;
    private const byte TableLeaf = 13;
    private readonly List<(uint Page, string Table)> found = [];
    private readonly HashSet<uint> visited = [];

    /// <summary>Goes over all trees.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        List<(string Table, uint Root)> roots = [];
        await DescendAsync(1, "sqlite_schema", roots, cancellation).ConfigureAwait(false);
        foreach (var (table, root) in roots)
        {
            await DescendAsync(root, table, null, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The tables of some pages.</summary>
    public IReadOnlyList<string> Of(IReadOnlyList<PageRange> ranges) =>
        [.. found.Where(each => ranges.Any(range => each.Page >= range.First && each.Page <= range.Last)).Select(each => each.Table).Distinct().Order(StringComparer.Ordinal)];

    private async Task DescendAsync(uint root, string table, List<(string Table, uint Root)>? schema, CancellationToken cancellation)
    {
        List<uint> level = [root];
        while (level.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            List<uint> below = [];
            bool? isInterior = null;
            foreach (uint page in level)
            {
                if (page == 0 || page > pages.PageCount || !visited.Add(page))
                {
                    continue;
                }

                if (lost.Contains(page))
                {
                    found.Add((page, table));
                    continue;
                }

                // All pages of a level are alike, so one tells whether the others are leaves. Those of the schema are read all the same.
                if ((isInterior != false || schema is not null) && await pages.TryReadAsync(page, cancellation).ConfigureAwait(false) is { } image)
                {
                    isInterior = InteriorPages.IsInterior(page, image.Span);
                    if (isInterior == true)
                    {
                        below.AddRange(InteriorPages.Children(page, image.Span));
                    }
                    else
                    {
                        schema?.AddRange(Rows(page, image.Span));
                    }
                }
            }

            level = below;
        }
    }

    /// <summary>The trees in a leaf of the schema: <c>type, name, tbl_name, rootpage, sql</c>, of which the first four stand on the page itself.</summary>
    private static List<(string Table, uint Root)> Rows(uint page, ReadOnlySpan<byte> image)
    {
        List<(string, uint)> rows = [];
        int header = page == 1 ? HeaderBytes : 0;
        if (image[header] != TableLeaf)
        {
            return rows;
        }

        int cells = BinaryPrimitives.ReadUInt16BigEndian(image[(header + 3)..]);
        for (int i = 0; i < cells && header + 10 + (2 * i) <= image.Length; i++)
        {
            try
            {
                var cell = image[BinaryPrimitives.ReadUInt16BigEndian(image[(header + 8 + (2 * i))..])..];
                int at = 0;
                Varint(cell, ref at);
                Varint(cell, ref at);
                if (Row(cell[at..]) is { Root: > 0 } row)
                {
                    rows.Add(row);
                }
            }
            catch (ArgumentOutOfRangeException)
            {
                // A row whose names are too long for the page.
            }
            catch (IndexOutOfRangeException)
            {
                // The same.
            }
        }

        return rows;
    }

    private static (string Table, uint Root) Row(ReadOnlySpan<byte> record)
    {
        int at = 0;
        int body = (int)Varint(record, ref at);
        Span<long> types = stackalloc long[4];
        for (int i = 0; i < types.Length; i++)
        {
            types[i] = (long)Varint(record, ref at);
        }

        int tableAt = body + Size(types[0]) + Size(types[1]);
        string table = Encoding.UTF8.GetString(record.Slice(tableAt, Size(types[2])));
        uint root = 0;
        foreach (byte b in record.Slice(tableAt + Size(types[2]), types[3] is >= 1 and <= 4 ? (int)types[3] : 0))
        {
            root = (root << 8) | b;
        }

        return (table, types[3] == 9 ? 1 : root);
    }

    private static int Size(long type) => type >= 12 ? (int)((type - 12) / 2) : type switch { 5 => 6, 6 or 7 => 8, 8 or 9 or 0 => 0, _ => (int)type };

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int i = 0; i < 8; i++)
        {
            byte b = bytes[at++];
            value = (value << 7) | (b & 0x7FU);
            if (b < 0x80)
            {
                return value;
            }
        }

        return (value << 8) | bytes[at++];
    }
}
