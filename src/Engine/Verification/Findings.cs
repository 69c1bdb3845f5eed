namespace OrleansSqlite.Verification;

/// <summary>Collects what is wrong, instead of stopping at the first of it.</summary>
internal sealed class Findings
{
    private readonly List<VerificationFinding> all = [];
    private readonly HashSet<string> missing = [];

    /// <summary>All so far.</summary>
    public IReadOnlyList<VerificationFinding> All => all;

    /// <summary>The objects that are not there. A collection may have taken them away meanwhile: that is to be found out before they count as lost.</summary>
    public IReadOnlySet<string> Missing => missing;

    /// <summary>Adds one.</summary>
    public void Add(string key, long? offset, string what, IEnumerable<PageRange>? pages = null) =>
        all.Add(new VerificationFinding(key, offset, what, Joined(pages ?? []), []));

    /// <summary>Adds what a decoder says.</summary>
    public void Add(DatabaseException damage, string key, long? offset, IEnumerable<PageRange>? pages = null) =>
        Add(damage.Object is { Length: > 0 } named && damage.Code == ErrorCodes.Damaged ? named : key, offset, damage.Damage ?? damage.Message, pages);

    /// <summary>Adds an object that is not there.</summary>
    public void AddMissing(string key, IEnumerable<PageRange>? pages = null)
    {
        if (missing.Add(key))
        {
            Add(key, null, "the object is missing", pages);
        }
    }

    /// <summary>Says to which tables the pages of each belong.</summary>
    public void Name(Func<IReadOnlyList<PageRange>, IReadOnlyList<string>> tablesOf)
    {
        for (int i = 0; i < all.Count; i++)
        {
            all[i] = all[i].Pages.Count > 0 ? all[i] with { Tables = tablesOf(all[i].Pages) } : all[i];
        }
    }

    /// <summary>Ascending ranges, those that touch made one.</summary>
    public static IReadOnlyList<PageRange> Joined(IEnumerable<PageRange> ranges)
    {
        List<PageRange> joined = [];
        foreach (var range in ranges)
        {
            if (joined is [.., var last] && range.First <= last.Last + 1UL && range.First >= last.First)
            {
                joined[^1] = last with { Last = Math.Max(last.Last, range.Last) };
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined;
    }
}
