namespace Alloc.Processors.Shadow.Differences;

/// <summary>Differences of one class that one rule, source or defect explains.</summary>
/// <param name="Class">The class.</param>
/// <param name="By">What says so; empty: nothing.</param>
/// <param name="Owner">Who owns the rule; empty where no rule decided.</param>
public readonly record struct ShadowGroupKey(ShadowClass Class, string By, string Owner);

/// <summary>How many they are.</summary>
/// <param name="Count">Differences.</param>
/// <param name="Units">Units that one gave and the other did not.</param>
/// <param name="FirstMs">When the first one showed, in milliseconds since 1970 UTC.</param>
/// <param name="LastMs">When the last one showed, in milliseconds since 1970 UTC.</param>
/// <param name="Why">Of the first one, in words.</param>
public readonly record struct ShadowGroup(int Count, long Units, long FirstMs, long LastMs, string Why);

/// <summary>Groups of differences, at most a thousand; further ones count among the others of their class.</summary>
internal sealed class ShadowGroups
{
    /// <summary>Most sources, rules and defects that are told apart.</summary>
    public const int Most = 1_000;

    private const string Others = "others";
    private readonly Dictionary<ShadowGroupKey, ShadowGroup> groups = [];

    /// <summary>All, by class, the largest first.</summary>
    public IEnumerable<KeyValuePair<ShadowGroupKey, ShadowGroup>> All => groups
        .OrderBy(g => g.Key.Class).ThenByDescending(g => g.Value.Count).ThenBy(g => g.Key.By, StringComparer.Ordinal);

    public void Add(ShadowDifference difference, ShadowVerdict verdict)
    {
        var key = new ShadowGroupKey(verdict.Class, verdict.By, verdict.Owner);
        if (groups.Count >= Most && !groups.ContainsKey(key))
        {
            key = new ShadowGroupKey(verdict.Class, Others, "");
        }
        var at = difference.SeenAtMs;
        groups[key] = groups.TryGetValue(key, out var known)
            ? known with
            {
                Count = known.Count + 1,
                Units = known.Units + difference.Units,
                FirstMs = Math.Min(known.FirstMs, at),
                LastMs = Math.Max(known.LastMs, at),
            }
            : new ShadowGroup(1, difference.Units, at, at, verdict.Why);
    }
}
