using System.Globalization;
using System.Text;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Trial;

/// <summary>What was decided, so that two decisions of one command can be told apart.</summary>
/// <param name="Kind">The event, with the reasons of a rejection: <c>Rejected QuotaExceeded</c>.</param>
/// <param name="Terms">What the reservations concerned have after it; times as distances from the decision.</param>
public readonly record struct TrialDecision(string Kind, string Terms)
{
    /// <summary>The decision of an outcome.</summary>
    public static TrialDecision Of(AllocationOutcome outcome) => new(KindOf(outcome), TermsOf(outcome));

    private static string KindOf(AllocationOutcome outcome) => outcome.Event switch
    {
        AllocationOutcomeEvent.Rejected rejected => "Rejected " + string.Join(
            ", ", rejected.Reasons.Select(reason => reason.Code.ToString()).Distinct().Order(StringComparer.Ordinal)),
        AllocationOutcomeEvent.NoOp noOp => $"NoOp {noOp.Why}",
        _ => outcome.Event.GetType().Name,
    };

    private static string TermsOf(AllocationOutcome outcome)
    {
        var text = new StringBuilder();
        foreach (var reservation in outcome.After)
        {
            text.Append(text.Length > 0 ? "; " : "").Append(reservation.ReservationId);
            Units(text, "held", reservation.Held);
            Units(text, "confirmed", reservation.Confirmed);
            Units(text, "consumed", reservation.Consumed);
            Units(text, "waiting", reservation.Waiting);
            if (reservation is { Held: > 0, ExpiresAtMs: { } expiresAt })
            {
                text.Append(CultureInfo.InvariantCulture, $", for {(expiresAt - outcome.TMs) / 1000.0:0.###} s");
            }
            if (reservation.Class.Length > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $", class {reservation.Class}");
            }
        }
        return text.ToString();
    }

    private static void Units(StringBuilder text, string name, long units)
    {
        if (units > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $", {units} {name}");
        }
    }
}
