namespace Alloc.Cli.Monitoring;

/// <summary>What alerts must know of a stage where work waits: a row of the operations catalogue.</summary>
/// <param name="Id">The stage, the label of its metrics.</param>
/// <param name="Owner">Who is told.</param>
/// <param name="PageShare">The share beyond the SLA that is worth a page, from 0 to 1.</param>
/// <param name="Runbook">What to do about it: a URL, or a path from the root of the repository.</param>
internal sealed record WatchedStage(string Id, string Owner, double PageShare, string Runbook);
