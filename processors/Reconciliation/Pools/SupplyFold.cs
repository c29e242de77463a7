using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Records;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>
/// What the ledger itself says of its supply: counts that it does not believe, facts that are missing, sources that
/// contradict themselves, and units that moved and that no promise covered.
/// </summary>
/// <param name="differences">What stands.</param>
/// <param name="gaps">Which sequences stand as missing.</param>
internal sealed class SupplyFold(DifferenceBook differences, OpenGaps gaps)
{
    private const string Source = "source";
    private const string Units = "units";
    private static readonly Tolerance ByPolicy = new(TimeSpan.Zero, "policy");

    /// <summary>Takes up an outcome.</summary>
    public void Take(AllocationOutcome outcome, in RecordMetadata at)
    {
        if (outcome.DuplicateOf is not null)
        {
            return;
        }
        foreach (var mark in outcome.SupplySources)
        {
            EndSettled(outcome, mark);
        }
        switch (outcome.Event)
        {
            case AllocationOutcomeEvent.SupplyParked parked:
                Stand(outcome, at, parked);
                break;
            case AllocationOutcomeEvent.SupplyGap gap:
                Stand(outcome, at, gap);
                Remember(outcome.PoolId, gap.Source, gap.From, gap.To);
                break;
            case AllocationOutcomeEvent.SupplyIgnored { Why: SupplyIgnoredWhy.Conflict } conflict:
                Stand(outcome, at, conflict);
                break;
            case AllocationOutcomeEvent.Consumed { Orphaned: > 0 } consumed:
                StandOrphan(
                    MismatchClass.OrphanConsume, outcome, at, consumed.ConsumeId, consumed.Orphaned,
                    $"consumed for {consumed.ReservationId}, and no promise covered them");
                break;
            case AllocationOutcomeEvent.OrphanConsumed orphan:
                StandOrphan(
                    MismatchClass.OrphanConsume, outcome, at, orphan.ConsumeId, orphan.Quantity,
                    $"consumed for {orphan.ReservationId}, and no promise covered them");
                break;
            case AllocationOutcomeEvent.Returned { Orphaned: > 0 } returned:
                StandOrphan(
                    MismatchClass.OrphanReturn, outcome, at, returned.ConsumeId, returned.Orphaned,
                    $"came back for {returned.ReservationId}, and had not been consumed");
                break;
            case AllocationOutcomeEvent.OrphanReturned orphan:
                StandOrphan(
                    MismatchClass.OrphanReturn, outcome, at, orphan.ConsumeId, orphan.Quantity,
                    $"came back for {orphan.ReservationId}, and had not been consumed");
                break;
            case AllocationOutcomeEvent.SupplyApplied { Version: not null }:
                EndCounted(outcome.PoolId);
                break;
            default:
                break;
        }
    }

    private void Stand(
        AllocationOutcome outcome, in RecordMetadata at, AllocationOutcomeEvent.SupplyParked parked) => Stand(
            outcome, at, SourceKey(MismatchClass.QuantityDrift, outcome.PoolId, parked.Source), ByPolicy,
            position => Sides.Of(
                parked.Source, $"Count {parked.Version} of {outcome.PoolId} is {Signed(parked.Rebase)} units off the "
                + "ledger.", position, outcome.TMs, ("version", parked.Version), ("rebase", parked.Rebase)),
            new RepairFacts
            {
                Kind = RepairKind.AcceptSnapshot,
                PoolId = outcome.PoolId,
                Source = parked.Source,
            });

    private void Stand(
        AllocationOutcome outcome, in RecordMetadata at, AllocationOutcomeEvent.SupplyGap gap) => Stand(
            outcome, at, GapKey(outcome.PoolId, gap.Source, gap.From, gap.To), ByPolicy,
            _ => Sides.Silent(gap.Source, string.Create(
                CultureInfo.InvariantCulture, $"Facts {gap.From} to {gap.To} of {outcome.PoolId} never came.")),
            new RepairFacts
            {
                Kind = RepairKind.RequestMovements,
                PoolId = outcome.PoolId,
                Source = gap.Source,
                FromSequence = gap.From,
                ToSequence = gap.To,
            });

    private void Stand(
        AllocationOutcome outcome, in RecordMetadata at, AllocationOutcomeEvent.SupplyIgnored conflict) => Stand(
            outcome, at, SourceKey(MismatchClass.SupplyConflict, outcome.PoolId, conflict.Source), Tolerance.None,
            position => Sides.Of(
                conflict.Source, $"Count {conflict.Version} of {outcome.PoolId} came twice and says two things.",
                position, outcome.TMs, ("version", conflict.Version ?? 0)),
            new RepairFacts
            {
                Kind = RepairKind.RequestSnapshot,
                PoolId = outcome.PoolId,
                Source = conflict.Source,
            });

    private void StandOrphan(
        MismatchClass mismatch, AllocationOutcome outcome, in RecordMetadata at, string consumeId, long quantity,
        string what) => Stand(
            outcome, at, DifferenceKey.InPool(mismatch, Units, outcome.PoolId, consumeId), Tolerance.None,
            position => Sides.Of(
                "warehouse", $"{quantity} units of {outcome.PoolId} {what}.", position, outcome.TMs,
                ("quantity", quantity)),
            new RepairFacts
            {
                Kind = RepairKind.RequestSnapshot,
                PoolId = outcome.PoolId,
                MovementId = consumeId,
            });

    // The ledger said it in this outcome: nothing more is waited for.
    private void Stand(
        AllocationOutcome outcome, in RecordMetadata at, in DifferenceKey key, Tolerance tolerance,
        Func<string, MismatchSide> said, RepairFacts repair)
    {
        var position = MismatchIds.PositionOf(at);
        differences.Stand(new Finding(key, said(position), Ledger(outcome, position))
        {
            SinceMs = outcome.TMs,
            Episode = position,
            PoolId = outcome.PoolId,
            Tolerance = tolerance,
            Repair = repair,
        });
    }

    private void EndSettled(AllocationOutcome outcome, SupplySource mark)
    {
        if (mark.ParkedVersion is null)
        {
            differences.End(
                SourceKey(MismatchClass.QuantityDrift, outcome.PoolId, mark.Source), "the count was settled");
        }
        var conflict = SourceKey(MismatchClass.SupplyConflict, outcome.PoolId, mark.Source);
        if (outcome.Event is AllocationOutcomeEvent.SupplyApplied { Version: not null } applied
            && applied.Source == mark.Source)
        {
            differences.End(conflict, $"count {applied.Version} took its place");
        }
        EndGaps(outcome.PoolId, mark);
    }

    private void EndGaps(string poolId, SupplySource mark)
    {
        if (CountOf(poolId, mark.Source) is not (> 0 and var count))
        {
            return;
        }
        var over = gaps.Over(poolId, mark.Source, mark.Missing);
        foreach (var (from, to) in over)
        {
            differences.End(GapKey(poolId, mark.Source, from, to), "nothing is missing any more");
            gaps.Remove(poolId, mark.Source, from, to);
        }
        if (over.Count > 0)
        {
            gaps.SetCount(poolId, mark.Source, checked(count - over.Count));
        }
    }

    private void Remember(string poolId, string source, long from, long to)
    {
        var count = CountOf(poolId, source);
        if (gaps.Add(poolId, source, from, to))
        {
            gaps.SetCount(poolId, source, checked(count + 1));
        }
    }

    // Gaps that stood before they were remembered in numbers are taken up from what stands.
    private long CountOf(string poolId, string source)
    {
        if (gaps.Count(poolId, source) is { } known)
        {
            return known;
        }
        var count = 0;
        foreach (var (_, gap) in differences.Those(
            MismatchClass.SupplyGap, Source, CompoundIds.Plain(CompoundIds.Plain(poolId, source), "")))
        {
            // Where one id ends and the next begins their ids do not say.
            if (gap.Difference.Scope?.PoolId == poolId
                && gap.Difference.Repair is { FromSequence: { } from, ToSequence: { } to } facts
                && facts.Source == source && gaps.Add(poolId, source, from, to))
            {
                count++;
            }
        }
        gaps.SetCount(poolId, source, count);
        return count;
    }

    // A count says what is there, whatever moved before it.
    private void EndCounted(string poolId)
    {
        foreach (var mismatch in (ReadOnlySpan<MismatchClass>)[MismatchClass.OrphanConsume, MismatchClass.OrphanReturn])
        {
            // The id of another pool may begin with this one's.
            foreach (var (key, _) in CompoundIds.PrefixesOf(poolId)
                .SelectMany(prefix => differences.Those(mismatch, Units, prefix))
                .Where(d => d.Value.Difference.Scope?.PoolId == poolId))
            {
                differences.End(key, "a count came after it");
            }
        }
    }

    private static MismatchSide Ledger(AllocationOutcome outcome, string position)
    {
        var balances = outcome.BalancesAfter;
        return Sides.Of(
            "ledger", string.Create(
                CultureInfo.InvariantCulture,
                $"{outcome.PoolId} has {balances.Free} free, {balances.Held} held, {balances.Confirmed} confirmed, "
                + $"{balances.Consumed} consumed, {balances.Blocked} blocked."),
            position, outcome.TMs, ("free", balances.Free), ("held", balances.Held),
            ("confirmed", balances.Confirmed), ("consumed", balances.Consumed), ("blocked", balances.Blocked));
    }

    private static DifferenceKey SourceKey(MismatchClass mismatch, string poolId, string source) =>
        DifferenceKey.Of(
            mismatch, Source, CompoundIds.JoinName(poolId, source), CompoundIds.Plain(poolId, source), poolId);

    private static DifferenceKey GapKey(string poolId, string source, long from, long to)
    {
        var sequences = string.Create(CultureInfo.InvariantCulture, $"{from}-{to}");
        return DifferenceKey.Of(
            MismatchClass.SupplyGap, Source,
            CompoundIds.Plain(CompoundIds.JoinName(poolId, source), sequences),
            CompoundIds.Plain(CompoundIds.Plain(poolId, source), sequences), poolId);
    }

    private static string Signed(long value) => value.ToString("+0;-0;0", CultureInfo.InvariantCulture);
}
