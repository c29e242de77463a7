using System.Collections.Frozen;
using Alloc.Schemas.Allocation;

namespace Alloc.Verify;

/// <summary>The part of an outcome that tells about quotas, waiting, preemption and overbooking.</summary>
internal static class ScarcityDecoder
{
    private static readonly FrozenSet<DecisionRule> LookedAt =
    [
        DecisionRule.Availability, DecisionRule.Quota, DecisionRule.Overbooking, DecisionRule.Preemption,
        DecisionRule.Deficits, DecisionRule.Revocable,
    ];

    /// <summary>The steps of a decision that the checker can compare with what it knows.</summary>
    public static IReadOnlyList<ObservedStep> Steps(IReadOnlyList<DecisionStep> decision)
    {
        List<ObservedStep>? steps = null;
        for (var index = 0; index < decision.Count; index++)
        {
            var step = decision[index];
            if (LookedAt.Contains(step.Rule))
            {
                var numbers = new Dictionary<string, long>(step.Numbers.Count, StringComparer.Ordinal);
                foreach (var number in step.Numbers)
                {
                    numbers[number.Name.ToString()] = number.Value;
                }
                (steps ??= []).Add(new ObservedStep(
                    step.Rule.ToString(), step.Row, step.Result is RuleResult.Passed or RuleResult.Applied, numbers));
            }
        }
        return steps is null ? [] : steps;
    }

    /// <summary>What quotas count a reservation by.</summary>
    public static IReadOnlyList<string> Scopes(Reservation r)
    {
        var scopes = new List<string>(5);
        Add("class", r.Class);
        Add("channel", r.Channel);
        Add("tier", r.Tier);
        Add("customer", r.CustomerRef);
        Add("dealer", r.Dealer);
        return scopes;

        void Add(string kind, string? value)
        {
            if (value is not null && (value.Length > 0 || kind != "class"))
            {
                scopes.Add($"{kind}/{value}");
            }
        }
    }

    public static string? Subject(AllocationOutcomeEvent? happened) => happened switch
    {
        AllocationOutcomeEvent.Promoted e => e.ReservationId,
        AllocationOutcomeEvent.Preempted e => e.ReservationId,
        AllocationOutcomeEvent.ReservationSplit e => e.ReservationId,
        AllocationOutcomeEvent.Released e => e.ReservationId,
        _ => null,
    };

    public static long Quantity(AllocationOutcomeEvent? happened) => happened switch
    {
        AllocationOutcomeEvent.Promoted e => e.Quantity,
        AllocationOutcomeEvent.Preempted e => e.Quantity,
        AllocationOutcomeEvent.OverCommitted e => e.Deficit,
        _ => 0,
    };
}
