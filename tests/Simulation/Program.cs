using System.Diagnostics;
using System.Globalization;
using OrleansSqlite.Commit;
using OrleansSqlite.Simulation;
using OrleansSqlite.Simulation.Processes;

// Runs the simulation: --seed 7 for one seed, --seeds 200 for the seeds from --from (default 1), --commits 1000000 for as many seeds as it
// takes, --plan herd for those of one plan; --repeat runs each seed twice and compares; --trace FILE writes down everything that happens. Says what it came to, and ends with 1 at the first
// seed that fails, with the line that repeats it.
// --herd runs herds of that many writers in place of it: combined, and each for itself; --seconds says for how long they write, --closures that they do so by closures. --plot FILE draws such herds of all sizes.
var options = Options.Parse(args);
if (options.Plot is { } file)
{
    File.WriteAllText(file, HerdPlot.Draw(options.From, TimeSpan.FromSeconds(options.Seconds), Console.WriteLine));
    return 0;
}

if (options.Herd > 0)
{
    foreach (bool combine in options.IsVerbose ? new[] { true } : [true, false])
    {
        string how = combine ? "combined" : "each for itself";
        Console.WriteLine($"{options.Herd} writers, one row each at once, {how}: {Herd.Of(options.From, options.Herd, combine, null, options.Closures)}");
        Console.WriteLine($"{options.Herd} writers for {options.Seconds} s, {how}: {Herd.Of(options.From, options.Herd, combine, TimeSpan.FromSeconds(options.Seconds), options.Closures)}");
    }

    return 0;
}

var totals = new Totals();
var watch = Stopwatch.StartNew();
var said = TimeSpan.Zero;
for (ulong seed = options.From; options.Wants(seed, totals); seed++)
{
    if (options.Plan is not null && options.Plan != Run.PlanOf(seed))
    {
        continue;
    }

    using var text = options.Trace is null ? null : new StreamWriter(options.Trace) { AutoFlush = true };
    var result = Run.Of(seed, text);
    totals.Add(result);
    string? wrong = result.Failure?.Message;
    if (wrong is null && options.Repeats && Run.Of(seed) is var again && (again.Hash != result.Hash || again.Lines != result.Lines))
    {
        wrong = $"the same seed went two ways: {result.Lines} lines {result.Hash}, {again.Lines} lines {again.Hash}";
    }

    if (options.IsVerbose || wrong is not null)
    {
        Console.WriteLine(Totals.Describe(result));
    }

    if (wrong is not null)
    {
        Console.WriteLine($"seed {seed} FAILED: {wrong}");
        Console.WriteLine($"to repeat it: dotnet run -c Release --project tests/Simulation -- --seed {seed} --trace trace.txt");
        Console.WriteLine(totals);
        return 1;
    }

    if (watch.Elapsed - said > TimeSpan.FromMinutes(1))
    {
        said = watch.Elapsed;
        Console.Error.WriteLine($"{totals.Commits} commits, {totals.Seeds} seeds up to {seed}, {said:hh\\:mm\\:ss}");
    }
}

totals.Took = watch.Elapsed;
Console.WriteLine(totals);
return 0;

namespace OrleansSqlite.Simulation
{
    /// <summary>What is asked for.</summary>
    internal sealed record Options(ulong From, ulong Seeds, long Commits, bool Repeats, bool IsVerbose, string? Trace, int Herd = 0, int Seconds = 10, string? Plot = null, string? Plan = null, bool Closures = false)
    {
        /// <summary>Reads the command line.</summary>
        public static Options Parse(string[] args)
        {
            var options = new Options(1, 1, 0, false, false, null);
            for (int i = 0; i < args.Length; i++)
            {
                options = args[i] switch
                {
                    "--seed" => options with { From = Number(args[++i]), Seeds = 1, IsVerbose = true },
                    "--from" => options with { From = Number(args[++i]) },
                    "--seeds" => options with { Seeds = Number(args[++i]) },
                    "--commits" => options with { Commits = (long)Number(args[++i]) },
                    "--herd" => options with { Herd = (int)Number(args[++i]) },
                    "--seconds" => options with { Seconds = (int)Number(args[++i]) },
                    "--plan" => options with { Plan = args[++i] },
                    "--plot" => options with { Plot = args[++i] },
                    "--closures" => options with { Closures = true },
                    "--repeat" => options with { Repeats = true },
                    "--verbose" => options with { IsVerbose = true },
                    "--trace" => options with { Trace = args[++i] },
                    _ => throw new ArgumentException($"There is no option {args[i]}."),
                };
            }

            return options;
        }

        /// <summary>Whether a seed is to be run.</summary>
        public bool Wants(ulong seed, Totals sofar) => Commits > 0 ? sofar.Commits < Commits : seed < From + Seeds;

        private static ulong Number(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);
    }

    /// <summary>The sum of many runs.</summary>
    internal sealed class Totals
    {
        private readonly Dictionary<Ended, long> writes = [];
        private readonly Dictionary<CommitPoint, long> crashes = [];
        private readonly Dictionary<string, TimeSpan> waits = [];
        private long reads;
        private TimeSpan time;

        /// <summary>The commits.</summary>
        public long Commits { get; private set; }

        /// <summary>The seeds.</summary>
        public int Seeds { get; private set; }

        /// <summary>How long it took in earnest.</summary>
        public TimeSpan Took { get; set; }

        /// <summary>One more.</summary>
        public void Add(Result result)
        {
            Seeds++;
            Commits += result.Commits;
            reads += result.Reads;
            time += result.Time;
            waits[result.Plan] = waits.GetValueOrDefault(result.Plan) is var known && known > result.LongestWait ? known : result.LongestWait;
            foreach (var (ended, count) in result.Writes)
            {
                writes[ended] = writes.GetValueOrDefault(ended) + count;
            }

            foreach (var (point, count) in result.Crashes)
            {
                crashes[point] = crashes.GetValueOrDefault(point) + count;
            }
        }

        /// <summary>One run in a line.</summary>
        public static string Describe(Result result) => string.Create(
            CultureInfo.InvariantCulture,
            $"seed {result.Seed}: {result.Plan}, {result.Commits} commits, {string.Join(", ", result.Writes.OrderBy(pair => pair.Key).Select(pair => $"{pair.Value} {pair.Key}"))}, {result.Reads} reads, {result.Time.TotalSeconds:0} s of its time, longest wait {result.LongestWait.TotalSeconds:0.0} s, trace {result.Lines} lines {result.Hash}");

        /// <inheritdoc/>
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"""
            writes: {string.Join(", ", writes.OrderBy(pair => pair.Key).Select(pair => $"{pair.Value} {pair.Key}"))}; reads: {reads}
            crashes: {string.Join(", ", crashes.OrderBy(pair => pair.Key).Select(pair => $"{pair.Value} at {pair.Key}"))}
            longest waits: {string.Join(", ", waits.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value.TotalSeconds:0.0} s"))}
            took {Took.TotalSeconds:0.0} s for {time.TotalHours:0.00} h of simulated time, {Commits / Math.Max(Took.TotalSeconds, 0.001):0} commits a second
            simulated commits: {Commits}, seeds: {Seeds}
            """);
    }
}
