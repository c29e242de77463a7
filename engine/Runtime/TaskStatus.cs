using Alloc.Engine.Processing;

namespace Alloc.Engine.Runtime;

/// <summary>One ready task.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Processed">Records processed since it was opened.</param>
/// <param name="DeadLetters">Records that became dead letters since then.</param>
/// <param name="SkippedDecided">Records skipped because they were decided before.</param>
/// <param name="WaitingFor">What it waits for, or null.</param>
/// <param name="Waited">How long it has waited for that.</param>
/// <param name="UnwrittenEntries">Committed entries not yet in its database.</param>
/// <param name="LagRecords">Records between the committed offsets and the ends of its inputs; null until the ends are
/// known.</param>
/// <param name="Lag">Age of the oldest record that is not committed; zero where there is none.</param>
/// <param name="IsStopped">Whether a fault of the program stopped it; where and why is what it waits for.</param>
public sealed record TaskStatus(
    TaskId TaskId, long Processed, long DeadLetters, long SkippedDecided, string? WaitingFor, TimeSpan Waited,
    long UnwrittenEntries, long? LagRecords, TimeSpan Lag, bool IsStopped = false);
