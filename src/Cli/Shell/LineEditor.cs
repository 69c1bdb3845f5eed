namespace OrleansSqlite.Cli;

/// <summary>Edits a line on a terminal: arrows, Home, End, words, history by up and down.</summary>
internal sealed class LineEditor(IScreen screen, History history) : ILineSource
{
    public string? Read(string prompt)
    {
        var line = new LineBuffer();
        var recalled = history.Lines.Count;
        var unsent = "";
        screen.Begin(prompt);
        while (true)
        {
            var key = screen.ReadKey();
            var control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                case ConsoleKey.J when control:
                    line.End();
                    screen.Show(line);
                    screen.Finish();
                    return line.Text;
                case ConsoleKey.C when control:
                    screen.Finish();
                    throw new OperationCanceledException("Ctrl-C");
                case ConsoleKey.D when control && line.Text.Length == 0:
                    screen.Finish();
                    return null;
                case ConsoleKey.UpArrow or ConsoleKey.P when (key.Key == ConsoleKey.UpArrow || control) && recalled > 0:
                    unsent = recalled == history.Lines.Count ? line.Text : unsent;
                    line.Set(history.Lines[--recalled]);
                    break;
                case ConsoleKey.DownArrow or ConsoleKey.N when (key.Key == ConsoleKey.DownArrow || control) && recalled < history.Lines.Count:
                    recalled++;
                    line.Set(recalled == history.Lines.Count ? unsent : history.Lines[recalled]);
                    break;
                case ConsoleKey.L when control:
                    screen.Clear(prompt);
                    break;
                default:
                    Edit(line, key, control);
                    break;
            }

            // While more keys wait, as in pasted text, only the last state is worth drawing.
            if (!screen.KeyWaits)
            {
                screen.Show(line);
            }
        }
    }

    public void Remember(string input) => history.Add(input);

    private static void Edit(LineBuffer line, ConsoleKeyInfo key, bool control)
    {
        var word = control || key.Modifiers.HasFlag(ConsoleModifiers.Alt);
        Action? edit = key.Key switch
        {
            ConsoleKey.LeftArrow => word ? line.WordLeft : line.Left,
            ConsoleKey.RightArrow => word ? line.WordRight : line.Right,
            ConsoleKey.Home => line.Home,
            ConsoleKey.End => line.End,
            ConsoleKey.Backspace => word ? line.CutWordLeft : line.Backspace,
            ConsoleKey.Delete => line.Delete,
            ConsoleKey.A when control => line.Home,
            ConsoleKey.E when control => line.End,
            ConsoleKey.B when control => line.Left,
            ConsoleKey.F when control => line.Right,
            ConsoleKey.D when control => line.Delete,
            ConsoleKey.H when control => line.Backspace,
            ConsoleKey.K when control => line.CutToEnd,
            ConsoleKey.U when control => line.CutToHome,
            ConsoleKey.W when control => line.CutWordLeft,
            ConsoleKey.Tab => () => line.Insert(' '),
            _ => null,
        };
        if (edit is not null)
        {
            edit();
        }
        else if (!char.IsControl(key.KeyChar))
        {
            line.Insert(key.KeyChar);
        }
    }
}
