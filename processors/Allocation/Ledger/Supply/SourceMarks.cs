using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Supply;

/// <summary>What is known of a fact by its sequence.</summary>
internal enum SequenceVerdict
{
    /// <summary>Not seen before, and in no snapshot.</summary>
    New,

    /// <summary>Seen before.</summary>
    Seen,

    /// <summary>Not seen before, but inside the last snapshot.</summary>
    Reflected,

    /// <summary>Would leave more gaps than are remembered.</summary>
    TooManyGaps,

    /// <summary>
    /// Comes without a number from a source that numbers its facts, or with one where the ledger does: the two would
    /// give the same number to different facts.
    /// </summary>
    NumberedOtherwise,
}

/// <summary>
/// Which sequences of a source were seen. Facts add up, so they are applied as they come; what is missing is
/// remembered, becomes a gap after grace G, and a late one is still applied. What lies before the first sequence seen
/// never becomes a gap.
/// </summary>
internal static class SourceMarks
{
    /// <summary>Looks at a sequence; the mark has it seen.</summary>
    public static SequenceVerdict See(Decision d, string source, long sequence, out SupplySource mark)
    {
        var known = d.State.GetSource(d.Pool.PoolId, source) ?? new SupplySource { Source = source };
        return known.Facts == Numbering.Ledger
            ? Otherwise(d, known, "the ledger numbers its facts", out mark)
            : See(d, known with { Facts = Numbering.Source }, sequence, out mark);
    }

    /// <summary>
    /// Gives a fact the number after the last one of its source, which is <see cref="SupplySource.Highest"/> of the
    /// mark: whoever reports it need not know the last one, so that any number of them may report at once.
    /// </summary>
    public static SequenceVerdict Number(Decision d, string source, out SupplySource mark)
    {
        var known = d.State.GetSource(d.Pool.PoolId, source) ?? new SupplySource { Source = source };
        return known.Facts == Numbering.Source
            ? Otherwise(d, known, "it numbers its facts", out mark)
            : See(d, known with { Facts = Numbering.Ledger }, checked(known.Highest + 1), out mark);
    }

    /// <summary>Adds the reason why a fact is not taken; it is sent again as it should have been.</summary>
    public static void Fail(Decision d, SequenceVerdict verdict, SupplySource mark) => d.Fail(
        ReasonCode.Malformed, verdict == SequenceVerdict.TooManyGaps
            ? "sourceSequence leaves too many gaps; ask the source for a snapshot"
            : mark.Facts == Numbering.Ledger
                ? $"the ledger numbers the facts of source {mark.Source}: leave sourceSequence out, or name another"
                : $"source {mark.Source} numbers its facts: give sourceSequence, or name another source");

    private static SequenceVerdict Otherwise(Decision d, SupplySource known, string row, out SupplySource mark)
    {
        mark = known;
        d.Look(Step(
            DecisionRule.SourceSequence, RuleResult.Failed, row,
            N(NumberName.Expected, checked(known.Highest + 1))));
        return SequenceVerdict.NumberedOtherwise;
    }

    private static SequenceVerdict See(Decision d, SupplySource known, long sequence, out SupplySource mark)
    {
        var verdict = sequence > known.Highest
            ? SeeNewest(d, known, sequence, out mark)
            : SeeLate(d, known, sequence, out mark);
        d.Look(Step(
            DecisionRule.SourceSequence,
            verdict is SequenceVerdict.New ? RuleResult.Passed : RuleResult.Applied, verdict switch
            {
                SequenceVerdict.Seen => "seen before",
                SequenceVerdict.Reflected => "inside the last snapshot",
                SequenceVerdict.TooManyGaps => "too many gaps",
                _ => "",
            },
            N(NumberName.Sequence, sequence), N(NumberName.Expected, checked(known.Highest + 1)),
            N(NumberName.Through, known.Through)));
        return verdict;
    }

    /// <summary>Whether a sequence was seen before.</summary>
    public static bool HasSeen(Decision d, string source, long sequence)
    {
        if (d.State.GetSource(d.Pool.PoolId, source) is not { Facts: not Numbering.Ledger } known
            || sequence > known.Highest)
        {
            return false;
        }
        foreach (var range in known.Missing)
        {
            if (sequence >= range.From && sequence <= range.To)
            {
                return false;
            }
        }
        d.Look(Step(
            DecisionRule.SourceSequence, RuleResult.Applied, "seen before",
            N(NumberName.Sequence, sequence), N(NumberName.Expected, checked(known.Highest + 1))));
        return true;
    }

    /// <summary>
    /// The mark after a snapshot: gaps up to <paramref name="through"/> are closed, what was not seen stays remembered.
    /// </summary>
    public static SupplySource Close(Decision d, SupplySource mark, long through)
    {
        var missing = new List<MissingSequences>(mark.Missing.Count + 1);
        foreach (var range in mark.Missing)
        {
            if (range.GapAtMs is null || range.From > through)
            {
                missing.Add(range);
                continue;
            }
            missing.Add(range with { To = Math.Min(range.To, through), GapAtMs = null });
            if (range.To > through)
            {
                missing.Add(range with { From = through + 1 });
            }
        }
        CancelUnused(d, mark, missing);
        if (through > mark.Highest)
        {
            missing.Add(new MissingSequences { From = mark.Highest + 1, To = through });
        }
        return mark with { Missing = missing, Highest = Math.Max(mark.Highest, through) };
    }

    /// <summary>The mark after a gap was reported.</summary>
    public static SupplySource Report(Decision d, SupplySource mark, MissingSequences reported)
    {
        var missing = new List<MissingSequences>(mark.Missing.Count);
        foreach (var range in mark.Missing)
        {
            missing.Add(range.From == reported.From ? range with { GapAtMs = null } : range);
        }
        CancelUnused(d, mark, missing);
        return mark with { Missing = missing };
    }

    private static SequenceVerdict SeeNewest(Decision d, SupplySource known, long sequence, out SupplySource mark)
    {
        var missing = known.Missing;
        if (sequence > known.Highest + 1)
        {
            if (!HasRoom(d, known, out missing))
            {
                mark = known;
                return SequenceVerdict.TooManyGaps;
            }
            long? gapAt = known.Highest == 0 ? null : checked(d.T + d.Policy.Limits.GraceMs);
            missing = [.. missing, new MissingSequences
            {
                From = known.Highest + 1,
                To = sequence - 1,
                GapAtMs = gapAt,
            }];
            if (gapAt is { } dueAt)
            {
                d.SetTimer(dueAt, TimerKind.GapGrace, known.Source);
            }
        }
        mark = known with { Highest = sequence, Missing = missing };
        return SequenceVerdict.New;
    }

    private static SequenceVerdict SeeLate(Decision d, SupplySource known, long sequence, out SupplySource mark)
    {
        mark = known;
        var missing = new List<MissingSequences>(known.Missing.Count + 1);
        var isMissing = false;
        foreach (var range in known.Missing)
        {
            if (sequence < range.From || sequence > range.To)
            {
                missing.Add(range);
                continue;
            }
            isMissing = true;
            if (range.From < sequence)
            {
                missing.Add(range with { To = sequence - 1 });
            }
            if (range.To > sequence)
            {
                missing.Add(range with { From = sequence + 1 });
            }
        }
        if (!isMissing)
        {
            return SequenceVerdict.Seen;
        }
        if (missing.Count > known.Missing.Count && !HasRoom(d, known, out _))
        {
            return SequenceVerdict.TooManyGaps;
        }
        CancelUnused(d, known, missing);
        mark = known with { Missing = missing };
        return sequence <= known.Through ? SequenceVerdict.Reflected : SequenceVerdict.New;
    }

    // What a snapshot covers is only remembered to tell a late fact from a repeat: the oldest of it gives way first.
    private static bool HasRoom(Decision d, SupplySource known, out IReadOnlyList<MissingSequences> missing)
    {
        missing = known.Missing;
        if (missing.Count < d.Policy.Limits.MissingRanges)
        {
            return true;
        }
        if (missing[0].To > known.Through)
        {
            return false;
        }
        var rest = new List<MissingSequences>(missing);
        rest.RemoveAt(0);
        missing = rest;
        return true;
    }

    // Ranges that fall due together share a timer; it goes with the last of them.
    private static void CancelUnused(Decision d, SupplySource before, List<MissingSequences> after)
    {
        long? cancelled = null;
        foreach (var range in before.Missing)
        {
            if (range.GapAtMs is { } dueAt && dueAt != cancelled && !IsDue(after, dueAt))
            {
                d.CancelTimer(dueAt, TimerKind.GapGrace, before.Source);
                cancelled = dueAt;
            }
        }
    }

    private static bool IsDue(List<MissingSequences> ranges, long dueAt)
    {
        foreach (var range in ranges)
        {
            if (range.GapAtMs == dueAt)
            {
                return true;
            }
        }
        return false;
    }
}
