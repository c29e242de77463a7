using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Supply;

/// <summary>
/// SupplySnapshot: what the one source of a pool counts. Facts up to <c>through</c> are inside the count and forgotten,
/// later ones stay on top of it, and the difference to the ledger is posted as a rebase.
/// </summary>
internal static class SnapshotRules
{
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.SupplySnapshot snapshot)
    {
        var mark = d.State.GetSource(d.Pool.PoolId, snapshot.Source) ?? new SupplySource { Source = snapshot.Source };
        if (!TryVersion(d, ref snapshot, ref mark))
        {
            return d.Rejected();
        }
        if (Refused(d, snapshot, mark) is { } why)
        {
            return new AllocationOutcomeEvent.SupplyIgnored
            {
                Source = snapshot.Source,
                Why = why,
                Version = snapshot.Version,
            };
        }

        var covered = Cover(d, snapshot, mark);
        var free = d.Free;
        var acknowledged = Acknowledge(d, covered);
        Reblock(d, snapshot);
        var rebase = checked(snapshot.Quantity + covered.Later + d.External);
        d.Look(Step(
            DecisionRule.SnapshotRebase, RuleResult.Applied, snapshot.Through is null ? "stock-take" : "through",
            N(NumberName.Quantity, snapshot.Quantity), N(NumberName.LaterDeltas, covered.Later),
            N(NumberName.Actual, checked(-d.External)), N(NumberName.Rebase, rebase)));
        if (IsDrift(d, mark, rebase))
        {
            d.DropEffects();
            d.Write(mark with { ParkedVersion = snapshot.Version, ParkedRebase = rebase });
            return new AllocationOutcomeEvent.SupplyParked
            {
                Source = snapshot.Source,
                Version = snapshot.Version,
                Rebase = rebase,
            };
        }
        PostRebase(d, rebase);
        WriteMarks(d, snapshot, mark, covered);
        return new AllocationOutcomeEvent.SupplyApplied
        {
            Source = snapshot.Source,
            Change = checked(d.Free - free),
            Version = snapshot.Version,
            Through = snapshot.Through,
            StockTake = snapshot.Through is null,
            Acknowledged = acknowledged,
            Rebased = rebase,
        };
    }

    // A count without a version is newer than all before it: whoever counts need not know their versions. Where the
    // source gives versions, one from here would take the place of its next one.
    private static bool TryVersion(
        Decision d, ref AllocationCommandBody.SupplySnapshot snapshot, ref SupplySource mark)
    {
        var isHere = SupplyRules.IsNumberedHere(snapshot);
        if (isHere && mark.Versions == Numbering.Source)
        {
            d.Look(Step(
                DecisionRule.SnapshotVersion, RuleResult.Failed, "it gives versions",
                N(NumberName.Expected, mark.Version ?? 0)));
            d.Fail(
                ReasonCode.Malformed, $"source {mark.Source} gives versions: give one, or name another source");
            return false;
        }
        if (mark.Versions == Numbering.Unknown)
        {
            mark = mark with { Versions = isHere ? Numbering.Ledger : Numbering.Source };
        }
        if (isHere)
        {
            snapshot = snapshot with
            {
                Version = checked(Math.Max(mark.Version ?? 0, mark.ParkedVersion ?? 0) + 1),
            };
        }
        return true;
    }

    private readonly record struct Coverage(long Consumed, long Deltas, long Later);

    private static SupplyIgnoredWhy? Refused(
        Decision d, AllocationCommandBody.SupplySnapshot snapshot, SupplySource mark)
    {
        var isSource = d.Pool.Settings.SnapshotSource == snapshot.Source;
        d.Look(Step(DecisionRule.SnapshotSource, isSource ? RuleResult.Passed : RuleResult.Failed,
            d.Pool.Settings.SnapshotSource ?? ""));
        if (!isSource)
        {
            return SupplyIgnoredWhy.NotSnapshotSource;
        }
        var why = Compare(d, snapshot, mark);
        var last = mark.Version is { } version
            ? Math.Max(version, mark.ParkedVersion ?? version)
            : mark.ParkedVersion ?? 0;
        d.Look(Step(
            DecisionRule.SnapshotVersion, why is null ? RuleResult.Passed : RuleResult.Failed, why?.ToString() ?? "",
            N(NumberName.Version, snapshot.Version), N(NumberName.Expected, last),
            N(NumberName.Through, snapshot.Through ?? -1),
            N(NumberName.Minimum, Math.Max(mark.Through, mark.StaleBelow))));
        return why;
    }

    private static SupplyIgnoredWhy? Compare(
        Decision d, AllocationCommandBody.SupplySnapshot snapshot, SupplySource mark)
    {
        if (mark.Version is { } version && snapshot.Version <= version)
        {
            if (snapshot.Version < version)
            {
                return SupplyIgnoredWhy.Stale;
            }
            var isSame = mark.ContentHash is { } hash && hash.Span.SequenceEqual(d.Hash.Span);
            return isSame ? SupplyIgnoredWhy.Duplicate : SupplyIgnoredWhy.Conflict;
        }
        if (snapshot.Version <= mark.ParkedVersion)
        {
            return SupplyIgnoredWhy.Stale;
        }
        return snapshot.Through < mark.Through || snapshot.Through < mark.StaleBelow ? SupplyIgnoredWhy.Stale : null;
    }

    // (1) What is inside the count, and which deltas are not.
    private static Coverage Cover(Decision d, AllocationCommandBody.SupplySnapshot snapshot, SupplySource mark)
    {
        if (snapshot.Through is not { } through)
        {
            return new Coverage(d.Consumed, mark.Deltas, Later: 0);
        }
        long consumed = 0;
        long deltas = 0;
        foreach (var fact in d.State.GetFacts(d.Pool.PoolId, snapshot.Source))
        {
            if (fact.SourceSequence > through)
            {
                continue;
            }
            switch (fact.Kind)
            {
                case SupplyFactKind.Consume:
                    consumed = checked(consumed + fact.Quantity);
                    break;
                case SupplyFactKind.Return:
                    consumed = checked(consumed - fact.Quantity);
                    break;
                default:
                    deltas = checked(deltas + fact.Quantity);
                    break;
            }
        }
        var later = checked(mark.Deltas - deltas);
        foreach (var other in d.State.GetSources(d.Pool.PoolId))
        {
            later = other.Source == snapshot.Source ? later : checked(later + other.Deltas);
        }
        return new Coverage(consumed, deltas, later);
    }

    private static long Acknowledge(Decision d, in Coverage covered)
    {
        if (d.Pool.Settings.Kind != PoolKind.Stock)
        {
            return 0;
        }
        if (covered.Consumed >= 0)
        {
            d.Post(EntryKind.ConsumeAcknowledged, Account.Consumed, Account.External, covered.Consumed);
        }
        else
        {
            d.Post(EntryKind.ConsumeAcknowledged, Account.External, Account.Consumed, checked(-covered.Consumed));
        }
        return covered.Consumed;
    }

    private static void Reblock(Decision d, AllocationCommandBody.SupplySnapshot snapshot)
    {
        if (snapshot.Blocked is not { } blocked)
        {
            return;
        }
        var change = checked(blocked - d.Blocked);
        if (change > 0)
        {
            d.Post(EntryKind.Blocked, Account.Free, Account.Blocked, change);
        }
        else
        {
            d.Post(EntryKind.Unblocked, Account.Blocked, Account.Free, checked(-change));
        }
    }

    // (2) Quantity, plus deltas not inside it, minus what the ledger has in all; EXT is minus what the ledger has.
    public static void PostRebase(Decision d, long rebase)
    {
        if (rebase >= 0)
        {
            d.Post(EntryKind.SupplyRebased, Account.External, Account.Free, rebase);
        }
        else
        {
            d.Post(EntryKind.SupplyRebased, Account.Free, Account.External, checked(-rebase));
        }
    }

    private static bool IsDrift(Decision d, SupplySource mark, long rebase)
    {
        if (d.Policy.Drift is not { } tolerance || mark.Version is null)
        {
            return false;
        }
        var limit = Math.Max(tolerance.Absolute, (long)((Int128)Math.Abs(d.External) * tolerance.Percent / 100));
        var isWithin = Math.Abs(rebase) <= limit;
        var isConfirmed = mark.ParkedRebase is { } parked && Math.Abs(checked(rebase - parked)) <= limit;
        d.Look(Step(
            DecisionRule.Drift, isWithin || isConfirmed ? RuleResult.Passed : RuleResult.Failed,
            isConfirmed ? "second snapshot" : "",
            N(NumberName.Rebase, rebase), N(NumberName.Limit, limit)));
        return !isWithin && !isConfirmed;
    }

    // (3) Gaps up to the sequence are closed; a stock-take closes none, it only knows what the ledger knows.
    private static void WriteMarks(
        Decision d, AllocationCommandBody.SupplySnapshot snapshot, SupplySource mark, in Coverage covered)
    {
        var own = mark with
        {
            Version = snapshot.Version,
            ContentHash = d.Hash,
            ParkedVersion = null,
            ParkedRebase = null,
            Deltas = mark.Deltas - covered.Deltas,
        };
        if (snapshot.Through is { } through)
        {
            d.Write(SourceMarks.Close(d, own, through) with { Through = through });
            return;
        }
        d.Write(own with { StaleBelow = Math.Max(own.StaleBelow, own.Highest) });
        foreach (var other in d.State.GetSources(d.Pool.PoolId))
        {
            if (other.Source != snapshot.Source)
            {
                d.Write(other with { Deltas = 0, StaleBelow = Math.Max(other.StaleBelow, other.Highest) });
            }
        }
    }
}
