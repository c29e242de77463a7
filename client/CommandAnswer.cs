using Alloc.Schemas.Allocation;

namespace Alloc.Client;

/// <summary>
/// What is known about a command when the waiting is over: what was decided, or nothing. There is no third case: that a
/// command failed is never known from silence.
/// </summary>
public abstract record CommandAnswer
{
    private CommandAnswer()
    {
    }

    /// <summary>It was decided; a rejection is a decision too.</summary>
    /// <param name="Outcome">The answer to exactly this record, committed.</param>
    public sealed record Decided(AllocationOutcome Outcome) : CommandAnswer
    {
        /// <summary>Whether the answer is no.</summary>
        public bool IsRejected => Outcome.Event is AllocationOutcomeEvent.Rejected;

        /// <summary>
        /// Whether a command with this id was decided before: the outcome repeats that answer, and nothing was done
        /// again.
        /// </summary>
        public bool IsRepeat => Outcome.DuplicateOf is not null;
    }

    /// <summary>
    /// No decision was seen in time. It may have been taken, or be taken later. Ask again with the same command id:
    /// what was decided is answered, and nothing is done twice.
    /// </summary>
    /// <param name="CommandId">The id to ask again with.</param>
    /// <param name="Waited">How long an answer was waited for.</param>
    /// <param name="Why">What stood in the way, as far as it is known here, or null.</param>
    public sealed record NotSeen(string CommandId, TimeSpan Waited, string? Why = null) : CommandAnswer;
}
