using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>The policy that the model counts by, and the modes that are on; scripts change both.</summary>
internal sealed class PolicyInForce(NaivePolicy first)
{
    private readonly List<AllocationOutcomeEvent.ModeChanged> modes = [];

    public NaivePolicy Current { get; set; } = first;

    /// <summary>Whether the one mode that acts on the pool lets nothing be granted, whoever asks.</summary>
    public bool RejectsHolds(string poolId) =>
        Acting(poolId) is { Mode: NaivePolicy.StopMode, Classes.Count: 0 };

    /// <summary>Whether the one mode that acts on the pool lets a class be granted nothing.</summary>
    public bool Bars(string poolId, string priorityClass) =>
        Acting(poolId) is { Mode: NaivePolicy.StopMode or NaivePolicy.WaitMode } mode && Concerns(mode, priorityClass);

    /// <summary>The longest life of a new hold by the mode that acts on the pool; null: as the policy says.</summary>
    public long? LongestLifeMs(string poolId, string priorityClass) =>
        Acting(poolId) is { Mode: NaivePolicy.ShortMode } mode && Concerns(mode, priorityClass)
            ? Math.Min(mode.CapMs ?? NaivePolicy.ShortMs, NaivePolicy.ShortMs) : null;

    public void Switch(AllocationOutcomeEvent.ModeChanged change)
    {
        var index = modes.FindIndex(m => m.Mode == change.Mode);
        if (!change.On)
        {
            modes.RemoveAll(m => m.Mode == change.Mode);
        }
        else if (index >= 0)
        {
            modes[index] = change;
        }
        else
        {
            modes.Add(change);
        }
    }

    // The first that the policy knows and that was switched on for the pool; scripts name pools without a star.
    private AllocationOutcomeEvent.ModeChanged? Acting(string poolId) =>
        modes.Find(m => Current.HasMode(m.Mode) && (m.Pools.Count == 0 || m.Pools.Contains(poolId)));

    private bool Concerns(AllocationOutcomeEvent.ModeChanged mode, string priorityClass) =>
        (mode.Mode != NaivePolicy.WaitMode || Current.WaitingClasses.Contains(priorityClass))
        && (mode.Classes.Count == 0 || mode.Classes.Contains(priorityClass));
}
