using Spectre.Console;

namespace OrleansSqlite.Cli;

/// <summary>Shows how far an import or export is: a bar with rate and time left on a terminal, a line now and then elsewhere.</summary>
internal static class Transfer
{
    public static async Task<T> RunAsync<T>(Terminal terminal, Func<IProgress<TransferProgress>?, Task<T>> transfer)
    {
        if (!terminal.ErrorIsTerminal)
        {
            return await transfer(new ProgressLines(terminal.Error, TimeProvider.System));
        }

        return await terminal.DrawBeside().Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new DownloadedColumn(),
                new TransferSpeedColumn(),
                new RemainingTimeColumn())
            .StartAsync(context => transfer(new Bar(context.AddTask("starting"))));
    }

    private sealed class Bar(ProgressTask task) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
            task.Description = Markup.Escape(value.Phase);
            task.MaxValue = Math.Max(1, value.BytesTotal);
            task.Value = value.BytesDone;
        }
    }
}
