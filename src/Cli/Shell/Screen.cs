namespace OrleansSqlite.Cli;

/// <summary>What a line editor needs of a terminal.</summary>
internal interface IScreen
{
    /// <summary>Whether a key waits already.</summary>
    bool KeyWaits { get; }

    /// <summary>The next key, not echoed.</summary>
    ConsoleKeyInfo ReadKey();

    /// <summary>Starts a line with this prompt.</summary>
    void Begin(string prompt);

    /// <summary>Draws the line as it is now.</summary>
    void Show(LineBuffer line);

    /// <summary>Leaves the line as it stands and goes below it.</summary>
    void Finish();

    /// <summary>Clears the screen and starts the line again.</summary>
    void Clear(string prompt);
}

/// <summary>The process's own terminal. A line may be longer than the terminal is wide.</summary>
internal sealed class Screen(TextWriter output) : IScreen
{
    private string prompt = "";

    /// <summary>How many rows below the prompt's row the cursor stands.</summary>
    private int cursorRow;

    public bool KeyWaits => Console.KeyAvailable;

    public ConsoleKeyInfo ReadKey() => Console.ReadKey(intercept: true);

    public void Begin(string prompt)
    {
        this.prompt = prompt;
        cursorRow = 0;
        // Ctrl-C while typing drops the line; as a signal it is for what runs.
        Console.TreatControlCAsInput = true;
        output.Write(prompt);
        output.Flush();
    }

    public void Show(LineBuffer line)
    {
        var width = Math.Max(1, Console.WindowWidth);
        var shown = prompt + Printable.Of(line.Text);
        var end = Columns(shown);
        var cursor = Columns(prompt + Printable.Of(line.Text[..line.Cursor]));
        output.Write($"{Up(cursorRow)}\r\e[J{shown}");
        // A terminal wraps only once a character comes, so a full row needs a nudge.
        output.Write(end > 0 && end % width == 0 ? "\r\n" : "");
        output.Write($"{Up((end / width) - (cursor / width))}\r{Right(cursor % width)}");
        output.Flush();
        cursorRow = cursor / width;
    }

    public void Finish()
    {
        Console.TreatControlCAsInput = false;
        output.WriteLine();
        output.Flush();
        cursorRow = 0;
    }

    public void Clear(string prompt)
    {
        output.Write("\e[H\e[2J");
        Begin(prompt);
    }

    private static string Up(int rows) => rows > 0 ? $"\e[{rows}A" : "";

    private static string Right(int columns) => columns > 0 ? $"\e[{columns}C" : "";

    private static int Columns(string text) => Spectre.Console.StringExtensions.GetCellWidth(text);
}
