namespace OrleansSqlite.Cli;

/// <summary>A line that is being edited: its text and the cursor in it.</summary>
internal sealed class LineBuffer
{
    public string Text { get; private set; } = "";

    /// <summary>The cursor stands before this character.</summary>
    public int Cursor { get; private set; }

    public void Set(string text) => (Text, Cursor) = (text, text.Length);

    public void Insert(char c)
    {
        Text = Text.Insert(Cursor, c.ToString());
        Cursor++;
    }

    public void Left() => Cursor = Before(Cursor);

    public void Right() => Cursor = After(Cursor);

    public void Home() => Cursor = 0;

    public void End() => Cursor = Text.Length;

    public void WordLeft() => Cursor = WordStart();

    public void WordRight()
    {
        while (Cursor < Text.Length && !char.IsLetterOrDigit(Text[Cursor]))
        {
            Cursor++;
        }

        while (Cursor < Text.Length && char.IsLetterOrDigit(Text[Cursor]))
        {
            Cursor++;
        }
    }

    public void Backspace() => Cut(Before(Cursor), Cursor);

    public void Delete() => Cut(Cursor, After(Cursor));

    public void CutWordLeft() => Cut(WordStart(), Cursor);

    public void CutToEnd() => Cut(Cursor, Text.Length);

    public void CutToHome() => Cut(0, Cursor);

    private void Cut(int from, int to)
    {
        Text = Text.Remove(from, to - from);
        Cursor = from;
    }

    private int WordStart()
    {
        var at = Cursor;
        while (at > 0 && !char.IsLetterOrDigit(Text[at - 1]))
        {
            at--;
        }

        while (at > 0 && char.IsLetterOrDigit(Text[at - 1]))
        {
            at--;
        }

        return at;
    }

    // A character beyond the first 65,536 is a pair: the cursor never stands inside of it.
    private int Before(int at) => at >= 2 && char.IsSurrogatePair(Text[at - 2], Text[at - 1]) ? at - 2 : Math.Max(0, at - 1);

    private int After(int at) =>
        at + 1 < Text.Length && char.IsSurrogatePair(Text[at], Text[at + 1]) ? at + 2 : Math.Min(Text.Length, at + 1);
}
