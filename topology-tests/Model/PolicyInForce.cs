using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>The policy that the model counts by, and the modes that are on; scripts change both.</summary>
internal sealed class PolicyInForce(NaivePolicy first)
{
    private readonly List<string> modes = [];

    public NaivePolicy Current { get; set; } = first;

    /// <summary>Whether the one mode that acts lets nothing be granted: the first that the policy knows.</summary>
    public bool RejectsHolds => modes.Find(Current.HasMode) == NaivePolicy.StopMode;

    public void Switch(AllocationOutcomeEvent.ModeChanged change)
    {
        if (!change.On)
        {
            modes.Remove(change.Mode);
        }
        else if (!modes.Contains(change.Mode))
        {
            modes.Add(change.Mode);
        }
    }
}
