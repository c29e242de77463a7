namespace Alloc.Processors.Shadow.Differences;

/// <summary>What comparing a decision of the shadow with the other system's gives.</summary>
public enum ShadowClass
{
    /// <summary>The same decision, with the same numbers.</summary>
    Match,

    /// <summary>They differed for a moment: the shadow caught up. No difference.</summary>
    TimingLag,

    /// <summary>One of the two knew supply later than the other.</summary>
    StaleSource,

    /// <summary>The other system has a rule that nobody had written down; people say so.</summary>
    HiddenRule,

    /// <summary>The other system gave what cannot be right.</summary>
    LegacyDefect,

    /// <summary>Alloc decides otherwise because somebody wants it to; people say so.</summary>
    DeliberatePolicy,

    /// <summary>They differ; neither the log nor a rule says why.</summary>
    Unclassified,

    /// <summary>The other system's decision is not on the log: the authority answered NotAuthoritative.</summary>
    NotOnLog,
}

/// <summary>What shows the other system's decision.</summary>
public enum ShadowEvidence
{
    /// <summary>An answer to the same command.</summary>
    Decision,

    /// <summary>Units that were used up.</summary>
    Consumed,

    /// <summary>Units that were taken over at the end.</summary>
    Imported,
}

/// <summary>The class of a difference, and why.</summary>
/// <param name="Class">The class.</param>
/// <param name="By">What says so: a rule's id, a source of supply, a kind of defect; empty: nothing.</param>
/// <param name="Owner">Who owns the rule; empty where no rule decided.</param>
/// <param name="Why">In words, with numbers.</param>
public readonly record struct ShadowVerdict(ShadowClass Class, string By, string Owner, string Why);
