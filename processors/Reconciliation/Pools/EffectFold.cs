using System.Buffers;
using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Engine.Watermarks;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Notation;
using Alloc.Processors.Records;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>
/// Each outcome whose event a row of the effects names has a receipt of each service of the row, in the row's time.
/// Where nothing is obliged, nothing is kept.
/// </summary>
internal sealed class EffectFold
{
    private const int PerCall = 1_000;
    private const string LastSequence = "last-sequence";
    private static readonly Tolerance Grace = new(TimeSpan.FromSeconds(60), "none");

    /// <summary>How long a receipt is remembered, so that another one for the same is seen to be one.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromDays(1);

    private readonly ReconciliationOptions options;
    private readonly ISerializer<AllocationOutcome> outcomes;
    private readonly IProcessorContext context;
    private readonly PoolStores stores;
    private readonly DifferenceBook differences;
    private readonly PartitionCatalogue catalogue;
    private readonly IWatermarkTimer timer;
    private readonly Obligations obligations;

    public EffectFold(
        ReconciliationOptions options, ISerializer<AllocationOutcome> outcomes, IProcessorContext context,
        PoolStores stores, DifferenceBook differences, PartitionCatalogue catalogue)
    {
        (this.options, this.outcomes, this.context) = (options, outcomes, context);
        (this.stores, this.differences, this.catalogue) = (stores, differences, catalogue);
        timer = context.CreateWatermarkTimer([options.ReceiptTopic, options.OutcomeTopic], Pass);
        obligations = new Obligations(stores.MarkOf, catalogue);
        Await();
    }

    /// <summary>Follows the catalogue in force.</summary>
    public void Follow() => obligations.Follow();

    /// <summary>Takes up what services must do about an outcome.</summary>
    public void Take(AllocationOutcome outcome, in RecordMetadata at)
    {
        if (obligations.IsEmpty || outcome.PoolId.StartsWith('$'))
        {
            return;
        }
        stores.MarkOfPool.Put(new InPoolKey(outcome.PoolId, LastSequence), new Mark { Value = outcome.Sequence });
        if (outcome.DuplicateOf is not null)
        {
            return;
        }
        var outcomeId = OutcomeIds.Of(outcome);
        var position = MismatchIds.PositionOf(at);
        byte[]? written = null;
        foreach (var (row, service, sinceMs) in obligations.For(outcome.Event.GetType().Name))
        {
            if (outcome.TMs >= sinceMs)
            {
                Oblige(new EffectKey(outcomeId, service), outcome, row, position, written ??= Write(outcome));
            }
        }
        Await();
    }

    /// <summary>A service says what it did.</summary>
    /// <exception cref="BadRecordException">It is no receipt.</exception>
    public void Take(string? recordKey, EffectReceipt receipt, string position, long atMs)
    {
        ReceiptRules.Check(recordKey, receipt);
        if (!obligations.IsOf(receipt.Service))
        {
            options.Instruments.Ignore(options.ReceiptTopic, IgnoredWhy.NotObliged);
            return;
        }
        var key = new EffectKey(receipt.OutcomeId, receipt.Service);
        var known = stores.EffectOf.Get(key);
        if (known?.ReceiptId is { } first && known.Result == EffectResult.Applied)
        {
            if (receipt.Result == EffectResult.Applied && receipt.ReceiptId != first)
            {
                TellDouble(key, known, receipt, position, atMs);
            }
            return;
        }
        var effect = (known ?? new WatchedEffect { AtMs = atMs, DueAtMs = 0 }) with
        {
            ReceiptId = receipt.ReceiptId,
            ReceiptPosition = position,
            ReceiptAtMs = atMs,
            Result = receipt.Result,
        };
        if (known is null)
        {
            // The outcome is not read yet, or there is none.
            Keep(key, null, effect, atMs + (long)Grace.Time.TotalMilliseconds);
        }
        else
        {
            Settle(key, known, effect, receipt.Reason, isFirst: known is { Result: null, IsTold: false });
        }
        Await();
    }

    private void Oblige(EffectKey key, AllocationOutcome outcome, EffectRow row, string position, byte[] written)
    {
        var known = stores.EffectOf.Get(key);
        if (known is { Event.Length: > 0 })
        {
            return;
        }
        var effect = new WatchedEffect
        {
            Event = row.Event,
            AtMs = outcome.TMs,
            DueAtMs = 0,
            RowId = row.Id,
            OrderRef = outcome.After.Count > 0 ? outcome.After[0].OrderRef : null,
            Position = position,
            Outcome = written,
            ReceiptId = known?.ReceiptId,
            ReceiptPosition = known?.ReceiptPosition,
            ReceiptAtMs = known?.ReceiptAtMs,
            Result = known?.Result,
        };
        var tolerance = new Tolerance(row.Sla + Grace.Time, RuleOf(effect))
        {
            Follows = catalogue.InForce.Class(MismatchClass.MissedEvent).Follows,
            Grace = Grace.Time,
        };
        // A ledger that stood still decides by the time of the command: the service hears of it now.
        var dueAtMs = Math.Max(outcome.TMs, context.ClockMs) + (long)tolerance.Earliest.TotalMilliseconds;
        effect = effect with { Followed = tolerance.Kept };
        if (known?.Result is null)
        {
            Keep(key, known, effect, dueAtMs);
        }
        else
        {
            Settle(key, known, effect with { DueAtMs = dueAtMs }, reason: null, isFirst: true);
        }
    }

    // A receipt is there for something that was to be done.
    private void Settle(EffectKey key, WatchedEffect known, WatchedEffect effect, string? reason, bool isFirst)
    {
        var scope = KeyOf(MismatchClass.MissedEvent, key);
        if (effect.Result == EffectResult.Failed)
        {
            if (effect.Event.Length > 0)
            {
                effect = effect with { IsTold = true };
                TellMissed(key, effect, $"{key.Service} failed: {ReasonOf(reason)}");
            }
        }
        else
        {
            differences.End(scope, $"{key.Service} says {effect.Result}");
            if (isFirst)
            {
                Measure(key, effect);
            }
            effect = effect with { IsTold = false, Outcome = null };
        }
        Keep(key, known, effect, (effect.ReceiptAtMs ?? effect.AtMs) + (long)Memory.TotalMilliseconds);
    }

    private void Keep(EffectKey key, WatchedEffect? known, WatchedEffect effect, long dueAtMs)
    {
        if (known is not null && known.DueAtMs != dueAtMs)
        {
            stores.EffectsDue.Remove(known.DueAtMs, key);
        }
        stores.EffectOf.Put(key, effect with { DueAtMs = dueAtMs });
        stores.EffectsDue.Add(dueAtMs, key);
    }

    private void Pass(long watermarkMs)
    {
        foreach (var (dueAtMs, key) in stores.EffectsDue.Until(watermarkMs - 1).Take(PerCall).ToList())
        {
            stores.EffectsDue.Remove(dueAtMs, key);
            if (stores.EffectOf.Get(key) is not { } effect || effect.DueAtMs != dueAtMs)
            {
                continue;
            }
            if (effect.Event.Length == 0)
            {
                Forget(key, HasOutcome(key) ? IgnoredWhy.NotObliged : IgnoredWhy.NoOutcome);
            }
            else if (effect.Result is null && !effect.IsTold)
            {
                Miss(key, effect, watermarkMs);
            }
            else if (!effect.IsTold)
            {
                stores.EffectOf.Delete(key);
            }
        }
        Await();
    }

    // Unless it is tolerated longer by the lag of the windows before it, which is known by now.
    private void Miss(EffectKey key, WatchedEffect effect, long watermarkMs)
    {
        if (effect.Followed is not null)
        {
            effect = Resolve(key, effect);
            if (effect.DueAtMs >= watermarkMs)
            {
                Keep(key, null, effect, effect.DueAtMs);
                return;
            }
        }
        TellMissed(key, effect, $"{key.Service} has written no receipt for it.");
        stores.EffectOf.Put(key, effect with { IsTold = true });
    }

    // When it is tolerated no longer, with the lag of the windows before it.
    private WatchedEffect Resolve(EffectKey key, WatchedEffect effect)
    {
        if (effect.Followed is not { } followed)
        {
            return effect;
        }
        var kept = Tolerance.Of(followed);
        var tolerance = differences.Lags.Resolve(
            kept, MismatchClass.MissedEvent, NameOf(key, effect), effect.AtMs);
        // From when it was heard, which the earliest moment told.
        var heardAtMs = effect.DueAtMs - (long)kept.Earliest.TotalMilliseconds;
        return effect with
        {
            DueAtMs = checked(heardAtMs + (long)tolerance.Time.TotalMilliseconds),
            Followed = null,
            Lag = tolerance.Lag,
        };
    }

    // Services differ, and so do what they are obliged to: each has a lag of its own. A receipt beyond its tolerance
    // may answer a redelivery, whether that was asked for by now or, when the log is read again, is only then.
    private void Measure(EffectKey key, WatchedEffect effect)
    {
        if (effect is { Event.Length: > 0, ReceiptAtMs: { } atMs } && catalogue.Follows(MismatchClass.MissedEvent)
            && atMs <= Resolve(key, effect).DueAtMs)
        {
            differences.Lags.Add(MismatchClass.MissedEvent, NameOf(key, effect), effect.AtMs, atMs);
        }
    }

    private static string NameOf(EffectKey key, WatchedEffect effect) =>
        CompoundIds.JoinName(effect.RowId, key.Service);

    private static string RuleOf(WatchedEffect effect) => $"effect {effect.RowId}";

    private bool HasOutcome(EffectKey key)
    {
        var hash = key.OutcomeId.LastIndexOf('#');
        return long.Parse(key.OutcomeId.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture)
            <= (stores.MarkOfPool.Get(new InPoolKey(key.OutcomeId[..hash], LastSequence))?.Value ?? 0);
    }

    private void Forget(EffectKey key, IgnoredWhy why)
    {
        stores.EffectOf.Delete(key);
        options.Instruments.Ignore(options.ReceiptTopic, why);
    }

    private void TellMissed(EffectKey key, WatchedEffect effect, string says)
    {
        var poolId = PoolOf(key);
        differences.Stand(new Finding(
            KeyOf(MismatchClass.MissedEvent, key),
            Sides.Of(
                "ledger", $"{key.OutcomeId} is {effect.Event}; row {effect.RowId} obliges {key.Service}.",
                effect.Position, effect.AtMs),
            Sides.Of(key.Service, says, effect.ReceiptPosition, effect.ReceiptAtMs))
        {
            SinceMs = effect.AtMs,
            Episode = effect.Position,
            Tolerance = new Tolerance(
                TimeSpan.FromMilliseconds(Math.Max(0, effect.DueAtMs - effect.AtMs)),
                effect.Lag is { IsFollowed: true } ? "lag" : RuleOf(effect))
            {
                Lag = effect.Lag,
            },
            PoolId = poolId,
            OrderRef = effect.OrderRef,
            Owner = key.Service,
            Repair = new RepairFacts
            {
                Kind = RepairKind.Redeliver,
                PoolId = poolId,
                Service = key.Service,
                OutcomeId = key.OutcomeId,
                Payload = effect.Outcome,
            },
        });
    }

    private void TellDouble(EffectKey key, WatchedEffect known, EffectReceipt receipt, string position, long atMs) =>
        differences.Stand(new Finding(
            KeyOf(MismatchClass.DuplicateEffect, key),
            Sides.Of(
                key.Service, $"Receipt {known.ReceiptId} says that {key.OutcomeId} was applied.",
                known.ReceiptPosition, known.ReceiptAtMs),
            Sides.Of(key.Service, $"Receipt {receipt.ReceiptId} says so, too.", position, atMs))
        {
            SinceMs = atMs,
            Episode = position,
            PoolId = PoolOf(key),
            OrderRef = known.OrderRef,
            Owner = key.Service,
            NoRepairWhy = "What a service did twice, only that service can take back.",
            Choices =
            [
                ShellLine.Of("alloc explain", key.OutcomeId),
                ShellLine.Of(
                    "alloc topic tail", options.ReceiptTopic, ("--key", PoolOf(key)),
                    ("--from", TimeText.Show(known.ReceiptAtMs ?? known.AtMs))),
            ],
        });

    private byte[] Write(AllocationOutcome outcome)
    {
        var output = new ArrayBufferWriter<byte>();
        outcomes.Serialize(outcome, output);
        return output.WrittenSpan.ToArray();
    }

    private void Await() =>
        timer.DueAtMs = stores.EffectsDue.TryPeek(out var dueAtMs, out _) ? dueAtMs : long.MaxValue;

    // It may be of any length, and is kept with the difference.
    private static string ReasonOf(string? reason) =>
        string.IsNullOrEmpty(reason) ? "it gives no reason" : ShownText.Fit(reason, TextBounds.Words / 2);

    private static string PoolOf(EffectKey key) => key.OutcomeId[..key.OutcomeId.LastIndexOf('#')];

    private static DifferenceKey KeyOf(MismatchClass mismatch, EffectKey key) => DifferenceKey.Of(
        mismatch, "effect", CompoundIds.JoinName(key.OutcomeId, key.Service),
        CompoundIds.Plain(key.OutcomeId, key.Service), PoolOf(key));
}
