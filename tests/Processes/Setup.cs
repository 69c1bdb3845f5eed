// Every test here wants the whole machine: several processes at once, or the peak of one process's memory.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

// Signals, rights, small disks and /proc are those of Unix.
[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
