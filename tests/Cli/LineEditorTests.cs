using OrleansSqlite.Cli;

namespace OrleansSqlite.Tests;

public sealed class LineEditorTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orleans-sqlite-test-").FullName;

    [Theory]
    [InlineData("select 1;⏎", "select 1;")]
    [InlineData("abc←←X⏎", "aXbc")]
    [InlineData("abc⇤X⇥Y⏎", "XabcY")]
    [InlineData("abc⌫⌫d⏎", "ad")]
    [InlineData("abc⇤⌦⏎", "bc")]
    [InlineData("one two⌃W⏎", "one ")]
    [InlineData("one two⌃A⌃Kx⏎", "x")]
    [InlineData("one two⌃Ux⏎", "x")]
    [InlineData("a😀b←⌫⏎", "ab")]
    [InlineData("a😀b⇤→→X⏎", "a😀Xb")]
    [InlineData("⌫⌦←→⏎", "")]
    public void Keys_edit_the_line(string keys, string line) => Assert.Equal(line, Editor(keys).Read("> "));

    [Fact]
    public void Up_and_down_go_through_the_history_and_back_to_what_was_typed()
    {
        Assert.Equal("second", Editor("↑⏎", "first", "second").Read("> "));
        Assert.Equal("first", Editor("↑↑↑⏎", "first", "second").Read("> "));
        Assert.Equal("typed", Editor("typed↑↑↓↓⏎", "first", "second").Read("> "));
        Assert.Equal("", Editor("↓⏎", "first").Read("> "));
        Assert.Equal("first!", Editor("↑!⏎", "first").Read("> "));
    }

    [Fact]
    public void Ctrl_D_ends_only_an_empty_line()
    {
        Assert.Null(Editor("⌃D").Read("> "));
        Assert.Equal("bc", Editor("abc⇤⌃D⏎").Read("> "));
    }

    [Fact]
    public void Ctrl_C_drops_the_line() => Assert.Throws<OperationCanceledException>(() => Editor("abc⌃C").Read("> "));

    [Fact]
    public void The_history_is_kept_in_a_file_of_the_users_own()
    {
        var path = Path.Combine(folder, "deep", "history");
        var history = new History(path);
        history.Add("select 1;\n");
        history.Add("select 1;");
        history.Add("select\n2;");
        history.Add("  ");
        Assert.Equal(["select 1;", "select 2;"], new History(path).Lines);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
    }

    [Fact]
    public void The_history_is_bounded_and_may_be_unwritable()
    {
        var path = Path.Combine(folder, "history");
        File.WriteAllLines(path, Enumerable.Range(0, 2000).Select(i => $"select {i};"));
        var history = new History(path);
        history.Add("last");
        Assert.Equal(1000, history.Lines.Count);
        Assert.Equal(1000, new History(path).Lines.Count);

        // A folder where the file should be: it works all the same.
        var blocked = new History(folder);
        blocked.Add("select 1;");
        Assert.Equal(["select 1;"], blocked.Lines);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private LineEditor Editor(string keys, params string[] before)
    {
        var history = new History(Path.Combine(folder, Path.GetRandomFileName()));
        Array.ForEach(before, history.Add);
        return new LineEditor(new Keys(keys), history);
    }

    /// <summary>A keyboard that presses what a string shows.</summary>
    private sealed class Keys(string keys) : IScreen
    {
        private int next;

        public bool KeyWaits => next < keys.Length;

        public ConsoleKeyInfo ReadKey()
        {
            var c = keys[next++];
            return c switch
            {
                '⏎' => Key(ConsoleKey.Enter, '\r'),
                '←' => Key(ConsoleKey.LeftArrow),
                '→' => Key(ConsoleKey.RightArrow),
                '↑' => Key(ConsoleKey.UpArrow),
                '↓' => Key(ConsoleKey.DownArrow),
                '⇤' => Key(ConsoleKey.Home),
                '⇥' => Key(ConsoleKey.End),
                '⌫' => Key(ConsoleKey.Backspace, '\b'),
                '⌦' => Key(ConsoleKey.Delete),
                '⌃' => new((char)(keys[next] - 'A' + 1), Enum.Parse<ConsoleKey>(keys[next++].ToString()), shift: false, alt: false, control: true),
                _ => Key(ConsoleKey.None, c),
            };
        }

        public void Begin(string prompt) => Assert.Equal("> ", prompt);

        public void Show(LineBuffer line) => Assert.InRange(line.Cursor, 0, line.Text.Length);

        public void Finish()
        {
        }

        public void Clear(string prompt)
        {
        }

        private static ConsoleKeyInfo Key(ConsoleKey key, char c = '\0') => new(c, key, shift: false, alt: false, control: false);
    }
}
