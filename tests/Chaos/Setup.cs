// The writers want the whole machine.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

// Signals are those of Unix.
[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
