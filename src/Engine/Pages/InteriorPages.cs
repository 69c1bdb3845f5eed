using System.Buffers.Binary;

namespace OrleansSqlite.Pages;

/// <summary>
/// Finds the interior pages of b-trees while somebody goes over the pages of a database: every way to a row leads down through them, and there are
/// few of them, scattered over the whole file. Who writes a base writes them once more, together, into sparse segments that stand before it. A page that
/// is taken for one by mistake (an overflow page may look like it) costs its space and nothing else.
/// </summary>
internal sealed class InteriorPages
{
    private const int HeaderBytes = 100;
    private const byte IndexInterior = 2, TableInterior = 5;
    private const int MostSchemaPages = 256;
    private readonly List<(uint Page, uint LastChild)> found = [];

    /// <summary>How many there are.</summary>
    public int Count => found.Count;

    /// <summary>Whether an image is that of an interior page of a b-tree.</summary>
    public static bool IsInterior(uint page, ReadOnlySpan<byte> image) => image[page == 1 ? HeaderBytes : 0] is IndexInterior or TableInterior;

    /// <summary>Whether at least half of some images are. Only the first of them can be page 1.</summary>
    public static bool AreMostly(uint firstPage, ReadOnlySpan<byte> images, int pageBytes)
    {
        int interior = 0;
        for (int at = 0; at < images.Length; at += pageBytes)
        {
            interior += IsInterior(at == 0 ? firstPage : 0, images[at..]) ? 1 : 0;
        }

        return 2 * interior * pageBytes >= images.Length;
    }

    /// <summary>Looks at a page. In any order, each one once.</summary>
    public void Note(uint page, ReadOnlySpan<byte> image)
    {
        if (IsInterior(page, image))
        {
            found.Add((page, LastChild(page, image)));
        }
    }

    /// <summary>Takes over what another one found.</summary>
    public void Add(InteriorPages other) => found.AddRange(other.found);

    /// <summary>Forgets what was found from one page to another: they are gone over once more.</summary>
    public void Forget(uint first, uint last) => found.RemoveAll(each => each.Page >= first && each.Page <= last);

    /// <summary>
    /// The pages that every cold query begins with (page 1 and the schema), and those above other interior pages: a handful; and the others, which are
    /// the last step before the leaves. Both ascending.
    /// </summary>
    /// <param name="read">Gives the image of a page; valid until the next call.</param>
    public (IReadOnlyList<uint> Upper, IReadOnlyList<uint> Lower) Split(ReadPage read)
    {
        SortedSet<uint> upper = [];
        AddSchema(1, read, upper);
        HashSet<uint> all = [.. found.Select(each => each.Page)];
        upper.UnionWith(found.Where(each => all.Contains(each.LastChild)).Select(each => each.Page));
        return ([.. upper], [.. found.Select(each => each.Page).Where(page => !upper.Contains(page)).Order()]);
    }

    private static void AddSchema(uint page, ReadPage read, SortedSet<uint> schema)
    {
        if (schema.Count >= MostSchemaPages || !schema.Add(page))
        {
            return;
        }

        var image = read(page);
        if (image.IsEmpty || !IsInterior(page, image))
        {
            return;
        }

        foreach (uint child in Children(page, image))
        {
            AddSchema(child, read, schema);
        }
    }

    /// <summary>The pages that an interior page leads to, as far as it can be read.</summary>
    public static List<uint> Children(uint page, ReadOnlySpan<byte> image)
    {
        int header = page == 1 ? HeaderBytes : 0;
        List<uint> children = [LastChild(page, image)];
        int cells = BinaryPrimitives.ReadUInt16BigEndian(image[(header + 3)..]);
        for (int i = 0; i < cells && header + 14 + (2 * i) <= image.Length; i++)
        {
            int cell = BinaryPrimitives.ReadUInt16BigEndian(image[(header + 12 + (2 * i))..]);
            if (cell + 4 <= image.Length)
            {
                children.Add(BinaryPrimitives.ReadUInt32BigEndian(image[cell..]));
            }
        }

        return children;
    }

    private static uint LastChild(uint page, ReadOnlySpan<byte> image) =>
        BinaryPrimitives.ReadUInt32BigEndian(image[((page == 1 ? HeaderBytes : 0) + 8)..]);

    /// <summary>Gives the image of a page, or nothing if there is no such page.</summary>
    public delegate ReadOnlySpan<byte> ReadPage(uint page);
}
