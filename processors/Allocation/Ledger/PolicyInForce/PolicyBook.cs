using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.PolicyInForce;

/// <summary>
/// The policies of a partition: the shipped one, and those that were taken since. Each document is read once; after a
/// restore it is read again from the state. Not thread-safe.
/// </summary>
/// <param name="shipped">The policy in force before any was taken.</param>
public sealed class PolicyBook(AllocationPolicy shipped)
{
    private readonly Dictionary<string, AllocationPolicy> read = new(StringComparer.Ordinal);

    /// <summary>The policy in force before any was taken.</summary>
    public AllocationPolicy Shipped => shipped;

    /// <summary>The policy in force.</summary>
    /// <exception cref="LedgerFaultException">The state names a version that it has no valid document of.</exception>
    public AllocationPolicy InForce(ILedgerState state) => Of(state, state.Partition.PolicyVersion);

    /// <summary>The policy that was taken last, in force or not yet.</summary>
    public AllocationPolicy Latest(ILedgerState state) =>
        Of(state, Math.Max(state.Settings.HighestPolicy, shipped.Version));

    /// <summary>A policy of the state.</summary>
    /// <exception cref="LedgerFaultException">The state has no valid document of the version.</exception>
    public AllocationPolicy Of(ILedgerState state, int version) => Find(version, state.Settings)
        ?? throw new LedgerFaultException(
            $"Policy version {version} is in force, but the state has no document of it.");

    /// <summary>A policy, if the settings still have its document; the shipped one is always there.</summary>
    /// <exception cref="LedgerFaultException">The document is not valid.</exception>
    public AllocationPolicy? Find(int version, PartitionSettings settings)
    {
        if (version <= shipped.Version)
        {
            return shipped;
        }
        foreach (var scheduled in settings.Policies)
        {
            if (scheduled.Version == version)
            {
                return Read(scheduled);
            }
        }
        return null;
    }

    /// <summary>Remembers a policy that was read already.</summary>
    public void Keep(AllocationPolicy policy, string contentHash) => read[contentHash] = policy;

    private AllocationPolicy Read(ScheduledPolicy scheduled)
    {
        if (!read.TryGetValue(scheduled.ContentHash, out var policy))
        {
            var reading = PolicyDocument.Parse(scheduled.Document);
            policy = reading.Policy ?? throw new LedgerFaultException(
                $"The document of policy version {scheduled.Version} was valid when it was taken, but is not now: "
                + $"{reading.Errors[0].Show()}");
            read.Add(scheduled.ContentHash, policy);
        }
        return policy;
    }
}
