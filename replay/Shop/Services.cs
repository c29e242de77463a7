using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;

namespace Alloc.Replay.Shop;

/// <summary>A service that must act on an event of the journal.</summary>
/// <param name="Event">Name of the event.</param>
/// <param name="Service">The service, as its receipts name it.</param>
internal readonly record struct Obligation(string Event, string Service);

/// <summary>The services around a shop: each acts on what it is obliged to, and says so by a receipt.</summary>
/// <param name="floor">The shop.</param>
/// <param name="obligations">What they must act on.</param>
/// <param name="faultOf">What goes wrong with a reservation.</param>
internal sealed class Services(
    ShopFloor floor, IReadOnlyCollection<Obligation> obligations, Func<string, ShopFault> faultOf)
{
    private readonly Dictionary<string, string[]> obliged = obligations
        .GroupBy(o => o.Event, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => g.Select(o => o.Service).ToArray(), StringComparer.Ordinal);

    /// <summary>Receipts that were written.</summary>
    public long ReceiptCount { get; private set; }

    /// <summary>An outcome was read.</summary>
    public void Take(AllocationOutcome outcome)
    {
        if (outcome.DuplicateOf is not null || outcome.PoolId.StartsWith('$')
            || !obliged.TryGetValue(outcome.Event.GetType().Name, out var services))
        {
            return;
        }
        var outcomeId = $"{outcome.PoolId}#{outcome.Sequence}";
        var fault = outcome.Event is AllocationOutcomeEvent.Confirmed confirmed
            ? faultOf(confirmed.ReservationId) : ShopFault.None;
        foreach (var service in services)
        {
            floor.World.After(floor.DelayOf(outcomeId + service), () => Act(outcome.PoolId, outcomeId, service, fault));
        }
    }

    /// <summary>An outcome is given again: each service does what it has not done, and says what it did.</summary>
    public void TakeAgain(AllocationOutcome outcome)
    {
        foreach (var service in obliged.GetValueOrDefault(outcome.Event.GetType().Name) ?? [])
        {
            Write(outcome.PoolId, $"{outcome.PoolId}#{outcome.Sequence}", service, EffectResult.Applied, "");
        }
    }

    private void Act(string poolId, string outcomeId, string service, ShopFault fault)
    {
        var scope = $"{outcomeId}/{service}";
        switch (fault)
        {
            case ShopFault.DroppedReceipt:
                floor.Truth.Inject(fault);
                floor.Truth.Expect(fault, "MissedEvent", scope);
                break;
            case ShopFault.FailedEffect:
                floor.Truth.Inject(fault);
                floor.Truth.Expect(fault, "MissedEvent", scope);
                Write(poolId, outcomeId, service, EffectResult.Failed, "");
                break;
            case ShopFault.DoubledReceipt:
                floor.Truth.Inject(fault);
                floor.Truth.Expect(fault, "DuplicateEffect", scope);
                Write(poolId, outcomeId, service, EffectResult.Applied, "");
                Write(poolId, outcomeId, service, EffectResult.Applied, "/again");
                break;
            default:
                Write(poolId, outcomeId, service, EffectResult.Applied, "");
                break;
        }
    }

    private void Write(string poolId, string outcomeId, string service, EffectResult result, string suffix)
    {
        ReceiptCount++;
        floor.World.Say(new EffectReceipt
        {
            ReceiptId = $"{service}/{outcomeId}{suffix}",
            OutcomeId = outcomeId,
            Service = service,
            Result = result,
        });
    }
}
