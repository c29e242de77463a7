using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>A split posts no entry: units change their name, none appears and none is lost.</summary>
internal static class SplitChecks
{
    public static void Check(NaivePool pool, AllocationOutcome outcome, Action<string, string> fail)
    {
        var split = (AllocationOutcomeEvent.ReservationSplit)outcome.Event;
        var whole = pool[split.ReservationId];
        Same("held", whole.Held, r => r.Held);
        Same("confirmed", whole.Confirmed, r => r.Confirmed);
        Same("consumed", whole.Consumed, r => r.Consumed);
        Same("waiting", whole.Waiting, r => r.Waiting);
        Same("granted", whole.Granted, r => r.Granted);
        if (outcome.Entries.Count > 0)
        {
            fail("a split posts nothing", OutcomeChecks.Name(outcome));
        }
        foreach (var part in outcome.After.Where(a => split.Parts.Contains(a.ReservationId)))
        {
            if (part.Class != whole.Class || (part.Held > 0 && part.ExpiresAtMs != whole.ExpiresAtMs))
            {
                fail("parts inherit class and expiry", $"{part.ReservationId} of {OutcomeChecks.Name(outcome)}");
            }
        }
        // From here on each has what the outcome says.
        foreach (var after in outcome.After)
        {
            var mine = pool[after.ReservationId];
            (mine.Held, mine.Confirmed, mine.Consumed) = (after.Held, after.Confirmed, after.Consumed);
            (mine.Returned, mine.Released, mine.Expired) = (after.Returned, after.Released, after.Expired);
            (mine.Preempted, mine.Granted) = (after.Preempted, after.Granted);
        }

        void Same(string bucket, long before, Func<Reservation, long> of)
        {
            var after = outcome.After.Sum(of);
            if (after != before)
            {
                fail("a split loses nothing", $"{OutcomeChecks.Name(outcome)}: {bucket} {before}, parts {after}");
            }
        }
    }
}
