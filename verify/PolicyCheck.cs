namespace Alloc.Verify;

/// <summary>The policies that a partition took: one content for a version, and no decision under any other.</summary>
internal sealed class PolicyCheck(Findings findings)
{
    private readonly Dictionary<int, ObservedPolicy> taken = [];

    /// <summary>The policies taken, by version.</summary>
    public IReadOnlyDictionary<int, ObservedPolicy> Taken => taken;

    /// <summary>
    /// How much that falls due happens for one record under a policy; where it is not known, as little as can be.
    /// </summary>
    public int TimersPerRecord(int version) => version == 0 ? ObservedPolicy.ShippedTimersPerRecord
        : taken.GetValueOrDefault(version)?.TimersPerRecord ?? 1;

    /// <summary>Checks the next outcome of the journal.</summary>
    public void Check(ObservedOutcome outcome)
    {
        if (outcome is { Policy: { } policy, Answer: AnswerKind.Original or AnswerKind.Caused }
            && taken.TryGetValue(policy.Version, out var before)
            && before != policy)
        {
            findings.Add(FindingKind.PolicyConflict, outcome.PoolId, outcome.At,
                $"takes {policy.Show()}; it had {before.Show()} before");
        }
        if (outcome.Policy is { } next)
        {
            taken.TryAdd(next.Version, next);
        }
        if (outcome.PolicyVersion > 0
            && !(taken.TryGetValue(outcome.PolicyVersion, out var inForce) && inForce.EffectiveAtMs <= outcome.TimeMs))
        {
            findings.Add(FindingKind.PolicyConflict, outcome.PoolId, outcome.At,
                $"is decided under policy {outcome.PolicyVersion}, which is not in force here at {outcome.TimeMs}");
        }
    }

    /// <summary>A version is the same policy in all partitions, from the same time on.</summary>
    public static void Compare(
        IReadOnlyCollection<(int Partition, IReadOnlyDictionary<int, ObservedPolicy> Taken)> partitions,
        string journal, Findings findings)
    {
        foreach (var version in partitions.SelectMany(p => p.Taken.Keys).Distinct())
        {
            var first = partitions.First(p => p.Taken.ContainsKey(version));
            foreach (var (partition, taken) in partitions)
            {
                if (taken.TryGetValue(version, out var policy) && policy != first.Taken[version])
                {
                    findings.Add(FindingKind.PolicyConflict, $"$partition/{partition}",
                        new Position(journal, partition, -1),
                        $"took {policy.Show()}; partition {first.Partition} has {first.Taken[version].Show()}");
                }
            }
        }
    }
}
