using Alloc.Schemas.Allocation;

namespace Alloc.Samples.AdmissionControl;

/// <summary>What becomes of a wish.</summary>
internal abstract record Admission
{
    private Admission()
    {
    }

    /// <summary>It was decided; no is a decision too.</summary>
    public sealed record Decided(AllocationOutcome Outcome) : Admission;

    /// <summary>Too much is under way: it was not sent. As 429 with Retry-After.</summary>
    public sealed record Busy(TimeSpan ComeAgain) : Admission;

    /// <summary>
    /// The deadline is over and no answer was seen. What reaches the log from now on is refused by the ledger. What was
    /// there before may be a yes that nobody saw: a hold, which expires. Whoever still wants it asks for the same
    /// reservation under a new command id.
    /// </summary>
    public sealed record GaveUp(bool WasSent) : Admission;
}
