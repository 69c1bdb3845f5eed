using OrleansSqlite.Cli;

using var terminal = new Terminal();
using var interrupt = new Interrupt();
return await CommandLine.RunAsync(args, terminal, interrupt);
