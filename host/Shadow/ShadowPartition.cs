using Alloc.Processors.Catalogue;
using Alloc.Processors.Documents;
using Alloc.Processors.Shadow.Differences;

namespace Alloc.Host.Shadow;

/// <summary>One partition's two journals, as far as they were read. Not thread-safe.</summary>
/// <param name="rules">The rules in force about differences.</param>
internal sealed class ShadowPartition(Func<ValueList<ShadowRuleRow>> rules)
{
    /// <summary>
    /// Decisions and facts of supply to keep: consumption of a hold comes days after it, and not for ever.
    /// </summary>
    private const int MostKept = 100_000;

    // That a partition came here shows a moment after it has.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);
    private readonly Queue<(TimeSpan At, long End)> ends = [];

    /// <summary>Where the shadow's journal is read on.</summary>
    public long ShadowNext { get; set; }

    /// <summary>Where the authority's journal is read on; null until it is looked for.</summary>
    public long? AuthorityNext { get; set; }

    /// <summary>The time of the shadow's first decision that was read; null before it.</summary>
    public long? FirstMs { get; set; }

    public ShadowComparison Comparison { get; } = new(new ShadowComparisonOptions
    {
        IsFollowing = true,
        Rules = rules,
    });

    /// <summary>Forgets the oldest times where it keeps too much; to be called between two looks.</summary>
    public void Trim()
    {
        if (Comparison.Kept > MostKept)
        {
            Comparison.FinishPartition();
        }
    }

    /// <summary>Begins anew at the end of the shadow's journal; what was counted stays.</summary>
    public void StartAt(long shadowEnd)
    {
        ends.Clear();
        (ShadowNext, AuthorityNext, FirstMs) = (shadowEnd, null, null);
    }

    /// <summary>It is not here: when it comes, it begins where the shadow's journal ended a minute before.</summary>
    /// <param name="shadowEnd">Where that ends now.</param>
    /// <param name="now">The time, counted from anywhere.</param>
    public void StandBy(long shadowEnd, TimeSpan now)
    {
        if (ends.Count == 0 && FirstMs is null)
        {
            ends.Enqueue((now, ShadowNext));
        }
        ends.Enqueue((now, shadowEnd));
        while (ends.Count > 1 && now - ends.Peek().At > Margin)
        {
            ends.Dequeue();
        }
        (ShadowNext, AuthorityNext, FirstMs) = (ends.Peek().End, null, null);
    }
}
