using System.Diagnostics.CodeAnalysis;
using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Commitment;

/// <summary>A consumption or return as a source reports it.</summary>
internal readonly record struct PhysicalFact(
    string Id, long Quantity, string? Source, long? SourceSequence, bool IsReturn);

/// <summary>
/// What consumptions and returns have in common: seen once by id, once by sequence, and inside a snapshot or not.
/// </summary>
internal static class PhysicalFacts
{
    /// <summary>
    /// Rule 0b, and a sequence that was seen: true with a no-op. A repeat that brings a sequence for the first time
    /// says where the fact stands among the facts of its source.
    /// </summary>
    public static bool IsKnown(
        Decision d, in PhysicalFact fact, [NotNullWhen(true)] out AllocationOutcomeEvent? answer)
    {
        var seen = d.State.GetConsume(d.Pool.PoolId, fact.Id);
        if (seen is not null && seen.ForgetAtMs > d.T)
        {
            d.Look(ConsumeSeen);
            PlaceRepeat(d, fact, seen);
            answer = new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.ConsumeSeen };
            return true;
        }
        d.Look(ConsumeUnseen);
        answer = null;
        if (fact.Source is { } source && SourceMarks.HasSeen(d, source, fact.SourceSequence!.Value))
        {
            answer = new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.SourceSequenceSeen };
        }
        return answer is not null;
    }

    /// <summary>Remembers that the fact was seen, and what it moved where no snapshot covers it yet.</summary>
    public static SequenceVerdict Arrive(Decision d, in PhysicalFact fact)
    {
        if (d.Parked is { } parked)
        {
            return ArriveAfterParking(d, fact, parked);
        }
        return Register(d, fact, isPosted: true);
    }

    /// <summary>
    /// Remembers id and sequence, and if the fact is posted now, its quantity until a snapshot covers it.
    /// </summary>
    public static SequenceVerdict Register(Decision d, in PhysicalFact fact, bool isPosted)
    {
        var verdict = SequenceVerdict.New;
        if (fact.Source is { } source)
        {
            verdict = SourceMarks.See(d, source, fact.SourceSequence!.Value, out var mark);
            if (IsRefused(verdict))
            {
                SourceMarks.Fail(d, verdict, mark);
                return verdict;
            }
            d.Write(mark);
            if (isPosted && verdict == SequenceVerdict.New)
            {
                Remember(d, fact);
            }
        }
        d.Write(new ConsumeMemory
        {
            ConsumeId = fact.Id,
            Quantity = fact.Quantity,
            IsReturn = fact.IsReturn,
            Sourced = fact.Source is not null,
            ForgetAtMs = checked(d.T + d.Policy.Limits.ConsumeRetentionMs),
        });
        return verdict;
    }

    /// <summary>Whether the fact is not taken because of its number; the reason was added.</summary>
    public static bool IsRefused(SequenceVerdict verdict) =>
        verdict is SequenceVerdict.TooManyGaps or SequenceVerdict.NumberedOtherwise;

    /// <summary>The snapshot that was applied has the consumption inside: the source has taken the units off.</summary>
    public static void TakeOff(Decision d, long quantity, string? reservationId)
    {
        if (d.Pool.Settings.Kind == PoolKind.Stock)
        {
            d.Post(EntryKind.ConsumeAcknowledged, Account.Consumed, Account.External, quantity, reservationId);
            d.Post(EntryKind.SupplyRebased, Account.External, Account.Free, quantity, reservationId);
        }
    }

    /// <summary>The snapshot that was applied has the return inside: the source has put the units back.</summary>
    public static void PutBack(Decision d, long quantity, string? reservationId)
    {
        if (d.Pool.Settings.Kind == PoolKind.Stock)
        {
            d.Post(EntryKind.ConsumeAcknowledged, Account.External, Account.Consumed, quantity, reservationId);
            d.Post(EntryKind.SupplyRebased, Account.Free, Account.External, quantity, reservationId);
        }
    }

    // Id and sequence were registered when the command was parked; meanwhile a snapshot may have covered it.
    private static SequenceVerdict ArriveAfterParking(Decision d, in PhysicalFact fact, ParkedCommand parked)
    {
        var isReflected = parked.Sequence <= d.Pool.StockTakeSequence;
        if (fact.Source is { } source)
        {
            isReflected |= fact.SourceSequence <= (d.State.GetSource(d.Pool.PoolId, source)?.Through ?? 0);
            if (!isReflected)
            {
                Remember(d, fact);
            }
        }
        return isReflected ? SequenceVerdict.Reflected : SequenceVerdict.New;
    }

    // Only stock is taken off by its source; consumed units of a capacity stay inside its total.
    private static void Remember(Decision d, in PhysicalFact fact)
    {
        if (d.Pool.Settings.Kind == PoolKind.Stock && fact.Quantity > 0)
        {
            d.Write(new SupplyFact
            {
                Source = fact.Source!,
                SourceSequence = fact.SourceSequence!.Value,
                Kind = fact.IsReturn ? SupplyFactKind.Return : SupplyFactKind.Consume,
                Quantity = fact.Quantity,
                Sequence = checked(d.Pool.Sequence + 1),
            });
        }
    }

    private static void PlaceRepeat(Decision d, in PhysicalFact fact, ConsumeMemory seen)
    {
        if (fact.Source is not { } source)
        {
            return;
        }
        var verdict = SourceMarks.See(d, source, fact.SourceSequence!.Value, out var mark);
        if (verdict == SequenceVerdict.Seen || IsRefused(verdict))
        {
            return;
        }
        d.Write(mark);
        if (seen.Sourced || seen.IsReturn != fact.IsReturn)
        {
            return;
        }
        d.Write(seen with { Sourced = true });
        var known = fact with { Quantity = seen.Quantity };
        if (verdict == SequenceVerdict.New)
        {
            Remember(d, known);
        }
        else if (fact.IsReturn)
        {
            PutBack(d, seen.Quantity, null);
        }
        else
        {
            TakeOff(d, seen.Quantity, null);
        }
    }
}
