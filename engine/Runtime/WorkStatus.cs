namespace Alloc.Engine.Runtime;

/// <summary>What an application has done here, and what it has still to do.</summary>
/// <param name="Oldest">
/// Age of the oldest record that was fetched and is not committed, by this host's clock; zero where there is none.
/// </param>
/// <param name="Processed">Records that its tasks processed since each was opened.</param>
public readonly record struct WorkStatus(TimeSpan Oldest, long Processed);
