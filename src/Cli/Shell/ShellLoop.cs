namespace OrleansSqlite.Cli;

/// <summary>Reads lines, hands statements and dot commands on, and never ends because of an error.</summary>
internal sealed class ShellLoop(ShellContext context, BatchRunner runner, DotCommands commands)
{
    /// <summary>Files that read files: deeper than this, one of them reads itself.</summary>
    private const int GreatestDepth = 16;

    private int depth;
    private bool quit;

    /// <summary>Runs until the lines end. Gives the exit code of the first error, or 0.</summary>
    public async Task<int> RunAsync(ILineSource lines)
    {
        var collector = new StatementCollector();
        var first = ExitCodes.Ok;
        while (!quit && !context.Interrupt.End.IsCancellationRequested && TryRead(lines, collector, out var line))
        {
            if (line is null)
            {
                collector.Take();
            }
            else if (!collector.IsOpen && line.StartsWith('.'))
            {
                lines.Remember(line);
                Note(await GuardAsync(cancellation => CommandAsync(line, cancellation)));
            }
            else if (collector.Add(line) is { } sql)
            {
                lines.Remember(sql);
                Note(await GuardAsync(cancellation => runner.RunAsync(sql, cancellation)));
            }
        }

        // As the sqlite3 program does: the last statement needs no semicolon.
        if (!quit && collector.IsOpen)
        {
            Note(await GuardAsync(cancellation => runner.RunAsync(collector.Take(), cancellation)));
        }

        if (depth == 0 && runner.Drop())
        {
            context.Terminal.Error.WriteLine("The transaction was not committed: nothing of it took effect.");
            Note(ExitCodes.Invalid);
        }

        return first;

        void Note(int code) => first = first == ExitCodes.Ok ? code : first;
    }

    /// <summary>Reads a line; a null line means that the input so far is dropped.</summary>
    private bool TryRead(ILineSource lines, StatementCollector collector, out string? line)
    {
        // Nothing can wake a read that waits for a key or a pipe; and while it waits, nothing is under way that could be cut off.
        using var end = context.Interrupt.End.Register(() => Environment.Exit(ExitCodes.Cancelled));
        try
        {
            line = lines.Read(collector.IsOpen ? "   ...> " : runner.IsInTransaction ? $"{context.Database.Name}*> " : $"{context.Database.Name}> ");
            return line is not null;
        }
        catch (OperationCanceledException)
        {
            line = null;
            return true;
        }
    }

    private async Task CommandAsync(string line, CancellationToken cancellation)
    {
        switch (await commands.RunAsync(line, cancellation))
        {
            case { Quit: true }:
                quit = true;
                break;
            case { ReadFile: { } file }:
                await ReadFileAsync(file);
                break;
            default:
                break;
        }
    }

    private async Task ReadFileAsync(string file)
    {
        if (depth >= GreatestDepth)
        {
            throw new UsageException($"The file {file} is read by itself.", "Look which of the files has the .read.");
        }

        using var reader = Files.OpenText(file);
        depth++;
        try
        {
            // The file's own errors have been reported one by one.
            await RunAsync(new PlainLines(reader));
        }
        finally
        {
            depth--;
        }
    }

    private async Task<int> GuardAsync(Func<CancellationToken, Task> work)
    {
        var cancellation = context.Interrupt.Renew();
        var started = context.Time.GetTimestamp();
        try
        {
            await work(cancellation);
            return ExitCodes.Ok;
        }
#pragma warning disable CA1031 // No error ends the shell.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return context.Errors.Failure(error, cancellation);
        }
        finally
        {
            if (context.Settings.Timer)
            {
                context.Terminal.Out.WriteLine(FormattableString.Invariant($"Run Time: real {context.Time.GetElapsedTime(started).TotalSeconds:0.000}"));
            }

            context.Terminal.Out.Flush();
        }
    }
}
