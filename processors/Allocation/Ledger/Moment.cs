using Alloc.Processors.Allocation.Policy;

namespace Alloc.Processors.Allocation.Ledger;

/// <summary>What every decision rests on, beside the command that it is about.</summary>
/// <param name="State">The state before. It is read, never written.</param>
/// <param name="T">The partition's clock, milliseconds since 1970 UTC.</param>
/// <param name="Policy">The policy in force.</param>
internal readonly record struct Moment(ILedgerState State, long T, AllocationPolicy Policy);
