using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation;

/// <summary>
/// The last answers of this process that registered nothing: the ledger remembers none of them, and who asks for one
/// shall find it all the same. Of committed outcomes only. Kept in memory and in no store: the journal has every one.
/// Thread-safe.
/// </summary>
public sealed class RecentRefusals
{
    /// <summary>Most that are kept; the oldest give way.</summary>
    public const int Capacity = 4_096;

    /// <summary>Longest text of one that is kept, in characters: what is malformed may be of any size.</summary>
    private const int MaximumLength = 256;

    private readonly Lock gate = new();
    private readonly Dictionary<(string PoolId, string CommandId), CommandMemory> found = [];
    private readonly Queue<((string PoolId, string CommandId) Key, CommandMemory Answer)> kept = new();

    /// <summary>Whether an outcome is the answer to a command of which nothing was registered.</summary>
    public static bool Are(AllocationOutcome outcome) => outcome
        is { Original: false, CommandId: not null, DuplicateOf: null, CausedBy: null, RememberUntilMs: null };

    /// <summary>The last refusal of a command, as the ledger would remember it; null: none is kept.</summary>
    /// <param name="poolId">The pool that the command named.</param>
    /// <param name="commandId">Its id.</param>
    public CommandMemory? Find(string poolId, string commandId)
    {
        lock (gate)
        {
            return found.GetValueOrDefault((poolId, commandId));
        }
    }

    /// <summary>Keeps a committed refusal.</summary>
    public void Add(AllocationOutcome outcome)
    {
        var key = (outcome.RequestedPoolId ?? outcome.PoolId, outcome.CommandId!);
        if (!IsShort(key.Item1) || !IsShort(key.Item2) || !IsShort(outcome.Event))
        {
            return;
        }
        var answer = new CommandMemory
        {
            PayloadHash = outcome.PayloadHash ?? default,
            OutcomePoolId = outcome.PoolId,
            Sequence = outcome.Sequence,
            ForgetAtMs = outcome.TMs,
            Event = outcome.Event,
        };
        lock (gate)
        {
            if (kept.Count == Capacity)
            {
                var (oldest, stale) = kept.Dequeue();
                if (ReferenceEquals(found.GetValueOrDefault(oldest), stale))
                {
                    found.Remove(oldest);
                }
            }
            kept.Enqueue((key, answer));
            found[key] = answer;
        }
    }

    private static bool IsShort(AllocationOutcomeEvent happened) => happened
        is AllocationOutcomeEvent.Rejected { Reasons.Count: <= 32 } rejected && IsShort(rejected.ReservationId)
        && rejected.Reasons.All(r => IsShort(r.Detail) && IsShort(r.ReservationId));

    private static bool IsShort(string? text) => text is null || text.Length <= MaximumLength;
}
