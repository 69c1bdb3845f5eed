using System.Text;
using Spectre.Console;

namespace OrleansSqlite.Cli;

/// <summary>The three standard streams, and which of them people look at.</summary>
internal sealed class Terminal : IDisposable
{
    /// <summary>Wide enough that a table which goes to a file is never broken into pieces.</summary>
    private const int Unbounded = 1 << 20;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public Terminal()
    {
        OutIsTerminal = !Console.IsOutputRedirected;
        InIsTerminal = !Console.IsInputRedirected;
        ErrorIsTerminal = !Console.IsErrorRedirected;
        if (OutIsTerminal)
        {
            Console.OutputEncoding = Utf8;
        }

        // The usual writer sends every line by itself, which is slow for rows that go into a file or a pipe.
        Out = OutIsTerminal ? Console.Out : new StreamWriter(Console.OpenStandardOutput(), Utf8, 1 << 16);
    }

    public TextWriter Out { get; }

    public TextWriter Error { get; } = Console.Error;

    public TextReader In { get; } = Console.In;

    public bool OutIsTerminal { get; }

    public bool InIsTerminal { get; }

    public bool ErrorIsTerminal { get; }

    /// <summary>For drawing on standard output.</summary>
    public IAnsiConsole Draw() => Make(Out, OutIsTerminal);

    /// <summary>For drawing on standard error, beside the results.</summary>
    public IAnsiConsole DrawBeside() => Make(Error, ErrorIsTerminal);

    public void Dispose()
    {
        try
        {
            Out.Flush();
        }
        catch (IOException)
        {
            // Whoever read the output has closed it, and so has seen what they wanted.
        }
    }

    private static IAnsiConsole Make(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isTerminal)
        {
            console.Profile.Width = Unbounded;
        }

        return console;
    }
}
