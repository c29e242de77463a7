using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Partition;

/// <summary>What is set for the whole partition, as outcomes change it: policies, modes and slices.</summary>
internal static class PartitionSettingsAfter
{
    /// <summary>Applies an outcome.</summary>
    public static void Apply(ILedgerState state, AllocationOutcome outcome)
    {
        if (outcome.DuplicateOf is not null)
        {
            return;
        }
        switch (outcome.Event)
        {
            case AllocationOutcomeEvent.PolicyActivated activated:
                state.Settings = state.Settings with
                {
                    Policies = After(state.Settings.Policies, activated),
                    HighestPolicy = Math.Max(state.Settings.HighestPolicy, activated.Version),
                };
                break;
            case AllocationOutcomeEvent.ModeChanged changed:
                state.Settings = state.Settings with { Modes = After(state.Settings.Modes, changed, outcome.TMs) };
                break;
            case AllocationOutcomeEvent.AuthorityChanged changed:
                state.Settings = state.Settings with
                {
                    Slices = Authority.With(state.Settings.Slices, Authority.SliceAfter(changed)),
                };
                state.Partition = state.Partition with
                {
                    Epoch = Math.Max(state.Partition.Epoch, changed.NewEpoch),
                };
                break;
            default:
                break;
        }
    }

    // Versions below the one in force are never needed again.
    private static List<ScheduledPolicy> After(
        IReadOnlyList<ScheduledPolicy> policies, AllocationOutcomeEvent.PolicyActivated activated)
    {
        var after = new List<ScheduledPolicy>(policies.Count + 1);
        foreach (var policy in policies)
        {
            if (activated.InForce ? policy.Version > activated.Version : policy.Version != activated.Version)
            {
                after.Add(policy);
            }
        }
        after.Add(new ScheduledPolicy
        {
            Version = activated.Version,
            Document = activated.Document,
            ContentHash = activated.ContentHash,
            EffectiveAtMs = activated.EffectiveAtMs,
        });
        after.Sort((x, y) => x.Version.CompareTo(y.Version));
        return after;
    }

    // A mode that is on already keeps its place.
    private static List<ActiveMode> After(
        IReadOnlyList<ActiveMode> modes, AllocationOutcomeEvent.ModeChanged changed, long t)
    {
        var after = new List<ActiveMode>(modes.Count + 1);
        var mode = new ActiveMode
        {
            Mode = changed.Mode,
            CapMs = changed.CapMs,
            SinceMs = t,
            Reason = changed.Reason,
            Pools = changed.Pools,
            Classes = changed.Classes,
        };
        var isNew = changed.On;
        foreach (var active in modes)
        {
            if (active.Mode != changed.Mode)
            {
                after.Add(active);
            }
            else if (changed.On)
            {
                after.Add(mode with { SinceMs = active.SinceMs });
                isNew = false;
            }
        }
        if (isNew)
        {
            after.Add(mode);
        }
        return after;
    }
}
