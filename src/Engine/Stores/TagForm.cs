namespace OrleansSqlite.Stores;

/// <summary>
/// How tags are written to a store in If-Match. HTTP puts them into quotes, and so does nearly everybody; Ceph's gateway of
/// version 16 takes quotes for a part of the tag and refuses every swap. So the form is only known once a swap has succeeded.
/// </summary>
internal sealed class TagForm
{
    private Choice current = new(Quoted: true);
    private bool known;

    /// <summary>The form to use for the next swap.</summary>
    public Choice Current => Volatile.Read(ref current);

    /// <summary>Whether a swap has shown that the store understands the form.</summary>
    public bool IsKnown => Volatile.Read(ref known);

    /// <summary>A tag as it is compared here: without quotes, as not all answers of all stores have them.</summary>
    public static ETag Read(string? header) => new((header ?? "").Trim('"'));

    /// <summary>A tag as HTTP writes it. (A weak one, W/"…", comes with its own quotes.)</summary>
    public static string Quote(ETag tag) => tag.Value.EndsWith('"') ? tag.Value : $"\"{tag.Value}\"";

    /// <summary>A swap with this form succeeded: it is the right one.</summary>
    public void Worked(Choice form)
    {
        Volatile.Write(ref current, form);
        Volatile.Write(ref known, true);
    }

    /// <summary>A swap was refused though the tag was right. Gives false if another form has turned out to be the right one meanwhile.</summary>
    public bool Failed(Choice form)
    {
        if (IsKnown && Current == form)
        {
            return false;
        }

        Interlocked.CompareExchange(ref current, new Choice(!form.Quoted), form);
        return true;
    }

    /// <summary>One of the two ways to write a tag.</summary>
    public sealed record Choice(bool Quoted)
    {
        public string Write(ETag tag) => Quoted ? Quote(tag) : tag.Value;
    }
}
