namespace OrleansSqlite.Cli;

/// <summary>What the parts of the shell share.</summary>
internal sealed record ShellContext(
    Terminal Terminal, Interrupt Interrupt, EngineDatabase Database, ShellSettings Settings, ErrorReport Errors, TimeProvider Time);
