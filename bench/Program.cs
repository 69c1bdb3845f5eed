using OrleansSqlite;
using OrleansSqlite.Bench;

// See Settings.Usage.
try
{
    var settings = Settings.Parse(args);
    if (settings.Workload.StartsWith("large-", StringComparison.Ordinal))
    {
        await LargeSteps.RunAsync(settings);
        return 0;
    }

    if (settings.Workload == "herd-writer")
    {
        await HerdWorkload.WriteAsync(settings);
        return 0;
    }

    Func<Settings, Table, Task> workload = settings.Workload switch
    {
        "writes" => WritesWorkload.RunAsync,
        "reads" => ReadsWorkload.RunAsync,
        "data" => DataWorkload.RunAsync,
        "import" => ImportWorkload.RunAsync,
        "long" => LongWorkload.RunAsync,
        "large" => LargeWorkload.RunAsync,
        "herd" => HerdWorkload.RunAsync,
        "http" => HttpWorkload.RunAsync,
        "directory" => StoreWorkloads.DirectoryAsync,
        "s3" => StoreWorkloads.S3Async,
        _ => throw new ArgumentException($"There is no workload '{settings.Workload}'."),
    };
    var table = new Table(settings.Workload);
    await workload(settings, table);
    await Console.Out.WriteLineAsync(settings.Json ? table.ToJson() : table.ToText());
    return 0;
}
catch (ArgumentException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    await Console.Error.WriteLineAsync(Settings.Usage);
    return 2;
}
catch (DatabaseException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
