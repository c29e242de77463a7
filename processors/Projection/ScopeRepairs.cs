using System.Collections.Concurrent;

namespace Alloc.Processors.Projection;

/// <summary>What is being built anew of the partitions of one application: its tasks look here.</summary>
public sealed class ScopeRepairs
{
    private readonly ConcurrentDictionary<int, ScopeRepair> repairs = new();

    /// <summary>What is being built anew of a partition, or null.</summary>
    public ScopeRepair? At(int partition) => repairs.GetValueOrDefault(partition);

    /// <summary>Makes a repair known to the partition's task; one at a time.</summary>
    public void Begin(ScopeRepair repair)
    {
        if (!repairs.TryAdd(repair.Scope.Partition, repair))
        {
            throw new InvalidOperationException($"Partition {repair.Scope.Partition} is being built anew already.");
        }
    }

    /// <summary>The repair is over.</summary>
    public void End(ScopeRepair repair) => repairs.TryRemove(repair.Scope.Partition, out _);
}
