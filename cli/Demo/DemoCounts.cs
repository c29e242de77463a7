using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Demo;

/// <summary>What was decided lately, for the status line.</summary>
internal sealed class DemoCounts(IReadOnlyList<DemoPool> shown)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, long> events = [];
    private readonly Dictionary<string, (long Sequence, long Free)> free = [];
    private Dictionary<string, long> before = [];

    public void See(AllocationOutcome outcome)
    {
        var name = outcome.DuplicateOf is not null ? "repeated" : outcome.Event switch
        {
            AllocationOutcomeEvent.Held => "held",
            AllocationOutcomeEvent.Confirmed => "confirmed",
            AllocationOutcomeEvent.Released => "released",
            AllocationOutcomeEvent.Expired => "expired",
            AllocationOutcomeEvent.Consumed => "used",
            AllocationOutcomeEvent.Rejected => "rejected",
            AllocationOutcomeEvent.Waitlisted => "waiting",
            AllocationOutcomeEvent.Promoted => "promoted",
            AllocationOutcomeEvent.Preempted => "preempted",
            _ => "other",
        };
        lock (gate)
        {
            events[name] = events.GetValueOrDefault(name) + 1;
            if (free.GetValueOrDefault(outcome.PoolId).Sequence < outcome.Sequence)
            {
                free[outcome.PoolId] = (outcome.Sequence, outcome.BalancesAfter.Free);
            }
        }
    }

    /// <summary>Rates since the last call, and what is free.</summary>
    public string Line(TimeSpan since)
    {
        lock (gate)
        {
            var seconds = Math.Max(0.1, since.TotalSeconds);
            string[] names = ["held", "confirmed", "released", "expired", "used", "rejected", "repeated"];
            string[] rare = ["waiting", "promoted", "preempted"];
            var rates = names.Concat(rare.Where(events.ContainsKey)).Select(
                n => $"{n} {(events.GetValueOrDefault(n) - before.GetValueOrDefault(n)) / seconds:0}").ToList();
            before = new Dictionary<string, long>(events);
            var pools = shown.Where(p => free.ContainsKey(p.Id)).Select(p => $"{p.Id} {free[p.Id].Free}");
            return $"per second: {string.Join(", ", rates)} | free: {string.Join(", ", pools)}";
        }
    }
}
