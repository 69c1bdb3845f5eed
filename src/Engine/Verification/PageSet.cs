using System.Numerics;

namespace OrleansSqlite.Verification;

/// <summary>A set of page numbers, a bit for each page: 32 KiB for a gigabyte of pages of 4096 bytes.</summary>
internal sealed class PageSet(uint highest)
{
    private readonly ulong[] words = new ulong[(highest / 64) + 1];

    /// <summary>Whether nothing is in it.</summary>
    public bool IsEmpty => !words.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>Adds a page. Those above the highest one are none of the set's concern.</summary>
    public void Add(uint page)
    {
        if (page <= highest)
        {
            words[page / 64] |= 1UL << (int)(page % 64);
        }
    }

    /// <summary>Takes a page out.</summary>
    public void Remove(uint page)
    {
        if (page <= highest)
        {
            words[page / 64] &= ~(1UL << (int)(page % 64));
        }
    }

    /// <summary>Whether a page is in it.</summary>
    public bool Contains(uint page) => page <= highest && (words[page / 64] >> (int)(page % 64) & 1) != 0;

    /// <summary>Adds all pages from one to another.</summary>
    public void AddRange(uint first, uint last)
    {
        last = Math.Min(last, highest);
        for (ulong page = first; page <= last;)
        {
            if (page % 64 == 0 && page + 63 <= last)
            {
                words[page / 64] = ulong.MaxValue;
                page += 64;
            }
            else
            {
                Add((uint)page++);
            }
        }
    }

    /// <summary>The lowest page of the set, from one page to another.</summary>
    public uint? FirstIn(uint first, uint last) => First(first, last, 0);

    /// <summary>The lowest page from one to another that is not in the set.</summary>
    public uint? FirstNotIn(uint first, uint last) => First(first, last, ulong.MaxValue);

    /// <summary>The pages up to one, as ranges.</summary>
    public IEnumerable<PageRange> Ranges(uint last)
    {
        uint? next = FirstIn(1, last);
        while (next is { } first)
        {
            uint end = FirstNotIn(first, last) is { } gap ? gap - 1 : last;
            yield return new PageRange(first, end);
            next = end < last ? FirstIn(end + 1, last) : null;
        }
    }

    private uint? First(uint first, uint last, ulong inverted)
    {
        if (first > highest)
        {
            return inverted != 0 && first <= last ? first : null;
        }

        for (uint index = first / 64; index <= Math.Min(last, highest) / 64; index++)
        {
            ulong word = words[index] ^ inverted;
            word = index == first / 64 ? word & (ulong.MaxValue << (int)(first % 64)) : word;
            if (word != 0)
            {
                ulong found = (ulong)index * 64 + (ulong)BitOperations.TrailingZeroCount(word);
                return found <= last ? (uint)found : null;
            }
        }

        return null;
    }
}
