namespace Alloc.Processors.Allocation.Ledger;

/// <summary>
/// State, journal and rules contradict each other: a gap in a sequence, entries that do not add up. Nothing is mended
/// by guessing: the task must stop.
/// </summary>
public sealed class LedgerFaultException(string message) : Exception(message);
