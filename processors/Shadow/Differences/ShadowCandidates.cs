using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Shadow.Differences;

/// <summary>A rule that unclassified differences ask for; a person says whether it is one.</summary>
/// <param name="Rule">The row.</param>
/// <param name="Count">Differences that it would explain.</param>
public sealed record ShadowCandidate(ShadowRuleRow Rule, int Count)
{
    /// <summary>The row as it can be pasted into a catalogue, YAML or JSON.</summary>
    public string Text => CatalogueDocument.WriteRule(Rule);
}

/// <summary>
/// What unclassified differences share: the command, both decisions, the priority class, the beginning of the pool. A
/// pool under that beginning where the shadow decided the same and the other system too contradicts it.
/// </summary>
internal sealed class ShadowCandidates
{
    /// <summary>Who owns a row until somebody says so.</summary>
    public const string Nobody = "nobody-yet";

    // Beyond these nothing is proposed: what was not kept might contradict.
    private const int MostKinds = 1_000;
    private const int MostPools = 100_000;

    private readonly Dictionary<(CommandKind, string Shadow, string Recorded, string Class), Shared> differing = [];
    private readonly Dictionary<(CommandKind, string Shadow, string Class), HashSet<string>> agreeing = [];
    private int poolCount;
    private bool isFull;

    public void Differ(ShadowDifference difference)
    {
        var key = (difference.Command, difference.Shadow, difference.Recorded, difference.PriorityClass);
        if (differing.TryGetValue(key, out var known))
        {
            differing[key] = new Shared(
                known.Count + 1, Common(known.Prefix, difference.PoolId),
                known.IsOnePool && known.Prefix == difference.PoolId);
        }
        else if (differing.Count < MostKinds)
        {
            differing[key] = new Shared(1, difference.PoolId, IsOnePool: true);
        }
    }

    public void Agree(CommandKind command, string shadow, string priorityClass, string poolId)
    {
        var key = (command, shadow, priorityClass);
        if (!agreeing.TryGetValue(key, out var pools))
        {
            agreeing[key] = pools = new HashSet<string>(StringComparer.Ordinal);
        }
        if (poolCount < MostPools)
        {
            poolCount += pools.Add(poolId) ? 1 : 0;
        }
        else
        {
            isFull |= !pools.Contains(poolId);
        }
    }

    /// <summary>Rows that enough differences share and nothing contradicts; the most frequent first.</summary>
    /// <param name="least">Differences that are enough.</param>
    public IReadOnlyList<ShadowCandidate> Propose(int least) => isFull ? [] :
    [
        .. differing.Where(d => d.Value.Count >= least && !IsContradicted(d.Key, d.Value))
            .OrderByDescending(d => d.Value.Count).ThenBy(d => IdOf(d.Key), StringComparer.Ordinal)
            .Select(d => new ShadowCandidate(RuleOf(d.Key, d.Value), d.Value.Count)),
    ];

    private bool IsContradicted(
        (CommandKind Command, string Shadow, string Recorded, string Class) key, Shared shared) =>
        agreeing.TryGetValue((key.Command, key.Shadow, key.Class), out var pools)
        && pools.Any(shared.Pattern.Matches);

    private static ShadowRuleRow RuleOf(
        (CommandKind Command, string Shadow, string Recorded, string Class) key, Shared shared) =>
        new(IdOf(key), ShadowRuleClass.HiddenRule, Nobody,
            $"{shared.Count} differences share this; write here which rule of the other system it is")
        {
            Pools = shared.Prefix.Length > 0 ? [shared.Pattern] : [],
            Commands = [key.Command],
            Shadow = [key.Shadow],
            Recorded = [key.Recorded],
            Classes = key.Class.Length > 0 ? [key.Class] : [],
        };

    private static string IdOf((CommandKind Command, string Shadow, string Recorded, string Class) key)
    {
        var words = $"{key.Command}-{key.Shadow}-{key.Recorded}-{key.Class}".ToLowerInvariant();
        var id = string.Concat(words.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).TrimEnd('-');
        while (id.Contains("--", StringComparison.Ordinal))
        {
            id = id.Replace("--", "-", StringComparison.Ordinal);
        }
        return id.Length > CatalogueRanges.IdLength ? id[..CatalogueRanges.IdLength].TrimEnd('-') : id;
    }

    private static string Common(string one, string other)
    {
        var length = 0;
        while (length < one.Length && length < other.Length && one[length] == other[length])
        {
            length++;
        }
        return one[..length];
    }

    private readonly record struct Shared(int Count, string Prefix, bool IsOnePool)
    {
        public PoolPattern Pattern => new(IsOnePool ? Prefix : Prefix + "*");
    }
}
