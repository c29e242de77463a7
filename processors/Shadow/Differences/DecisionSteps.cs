using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>What the trace of a decision says of a request.</summary>
internal static class DecisionSteps
{
    public static long? Number(this DecisionStep step, NumberName name) => Number(step.Numbers, name);

    /// <summary>Units asked for; null: the trace does not say.</summary>
    public static long? Requested(AllocationOutcome outcome) =>
        Availability(outcome)?.Number(NumberName.Requested);

    /// <summary>Units that were lacking where nothing else stood in the way; 0: something else did.</summary>
    public static long Missing(AllocationOutcome outcome)
    {
        if (outcome.Event is AllocationOutcomeEvent.Rejected rejected)
        {
            long missing = 0;
            foreach (var reason in rejected.Reasons)
            {
                // That nobody has to give way is no other reason: with enough units nobody would be asked.
                if (reason.Code is not (ReasonCode.InsufficientAvailability or ReasonCode.PreemptionNotPermitted))
                {
                    return 0;
                }
                missing += Number(reason.Numbers, NumberName.ShortBy) ?? 0;
            }
            return missing;
        }
        return Availability(outcome) is { Result: RuleResult.Failed } step
            ? Math.Max(0, (step.Number(NumberName.Requested) - step.Number(NumberName.Available)) ?? 0) : 0;
    }

    /// <summary>The class of a request, or the row that chose it.</summary>
    public static RequestClass Class(AllocationOutcome outcome)
    {
        foreach (var step in outcome.Decision)
        {
            if (step.Rule == DecisionRule.Class)
            {
                return step.Result == RuleResult.Applied
                    ? new RequestClass(NameOf(outcome), outcome.PolicyVersion, step.Row)
                    : new RequestClass(step.Row, outcome.PolicyVersion, "");
            }
        }
        return new RequestClass(NameOf(outcome), outcome.PolicyVersion, "");
    }

    private static string NameOf(AllocationOutcome outcome) => outcome.Event switch
    {
        AllocationOutcomeEvent.Held held => held.Class,
        AllocationOutcomeEvent.Waitlisted waiting => waiting.Class,
        AllocationOutcomeEvent.Promoted promoted => promoted.Class,
        _ => outcome.After.Count > 0 ? outcome.After[0].Class : "",
    };

    private static DecisionStep? Availability(AllocationOutcome outcome)
    {
        foreach (var step in outcome.Decision)
        {
            if (step.Rule == DecisionRule.Availability && step.Number(NumberName.Requested) is not null)
            {
                return step;
            }
        }
        return null;
    }

    private static long? Number(IReadOnlyList<DecisionNumber> numbers, NumberName name)
    {
        foreach (var number in numbers)
        {
            if (number.Name == name)
            {
                return number.Value;
            }
        }
        return null;
    }
}
