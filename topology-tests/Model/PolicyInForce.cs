namespace Topology.Tests.Model;

/// <summary>The policy that the model counts by; scripts change it.</summary>
internal sealed class PolicyInForce(NaivePolicy first)
{
    public NaivePolicy Current { get; set; } = first;
}
