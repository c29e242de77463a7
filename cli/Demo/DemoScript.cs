using System.Globalization;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Workflow;

namespace Alloc.Cli.Demo;

/// <summary>
/// What customers of the demo do, from a seed: hold, then pay, change their mind, or forget about it; what was paid is
/// used, and seats and slots come back after use. Pure: outcomes and times in, commands out.
/// </summary>
internal sealed class DemoScript
{
    private const long RestockIntervalMs = 20_000;
    private const double RepeatShare = 0.02;
    private const double PayShare = 0.65;
    private const double StormShare = 0.1;
    private readonly Random random;
    private readonly DemoScenario scenario;
    private readonly string run;
    private readonly PriorityQueue<AllocationCommand, long> planned = new();
    private readonly HashSet<string> lost = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> soldSinceRestock = [];
    private readonly Dictionary<string, long> nextDelta;
    private readonly DemoFlow? flow;
    private readonly DemoServices? services;
    private long holdCount;
    private long nextRestockAtMs;

    /// <param name="scenario">The story.</param>
    /// <param name="seed">The same seed asks for the same things.</param>
    /// <param name="startMs">When the run begins; part of its ids, so that every run has its own reservations.</param>
    /// <param name="leftovers">What earlier runs left in the ledger, by pool; what they promised is used and comes
    /// back.</param>
    public DemoScript(
        DemoScenario scenario, int seed, long startMs, IReadOnlyDictionary<string, DemoLeftovers> leftovers)
    {
        this.scenario = scenario;
        random = new Random(seed);
        run = startMs.ToString("x", CultureInfo.InvariantCulture);
        flow = scenario.Stages.Count > 0 ? new DemoFlow(scenario.Stages, startMs) : null;
        services = scenario.HasServices
            ? new DemoServices(seed, startMs, leftovers.ToDictionary(l => l.Key, l => l.Value.LastMovement)) : null;
        nextDelta = leftovers.ToDictionary(l => l.Key, l => l.Value.NextDelta, StringComparer.Ordinal);
        nextRestockAtMs = leftovers.Values.Any(l => l.Sold > 0) ? startMs : startMs + RestockIntervalMs;
        foreach (var (poolId, left) in leftovers)
        {
            if (Find(poolId) is { } pool)
            {
                TakeUp(pool, left, startMs);
            }
        }
    }

    public const string Source = "warehouse";

    /// <summary>What orders on their way through the stages said since the last time.</summary>
    public IReadOnlyList<StageEvent> TakeStageEvents(long nowMs)
    {
        var events = flow?.TakeEvents() ?? [];
        foreach (var happened in events)
        {
            services?.See(happened, nowMs);
        }
        return events;
    }

    /// <summary>What the services around the shop say by now.</summary>
    public IReadOnlyList<DemoWord> TakeWords(long nowMs) => services?.Take(nowMs) ?? [];

    /// <summary>What they say when the demo ends.</summary>
    public IReadOnlyList<DemoWord> GiveUp() => services?.GiveUp() ?? [];

    /// <summary>An outcome is given to the services again.</summary>
    public void SeeAgain(AllocationOutcome outcome, long nowMs) => services?.SeeAgain(outcome, nowMs);

    /// <summary>
    /// Makes the pools that are not there and gives them their first supply. A pool that has units stays as it is,
    /// whoever made it and whatever became of it.
    /// </summary>
    public static IEnumerable<AllocationCommand> Opening(
        DemoScenario scenario, long nowMs, IReadOnlyDictionary<string, DemoLeftovers> leftovers)
    {
        foreach (var pool in scenario.Pools.Where(p => leftovers.GetValueOrDefault(p.Id) is not { IsSupplied: true }))
        {
            yield return Command(pool.Id, $"demo-open-{pool.Id}", nowMs, new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings
                {
                    Kind = pool.Kind,
                    Unit = pool.Unit,
                    SnapshotSource = "operator",
                    ServiceAtMs = nowMs + pool.ServiceInMs,
                },
            });
            yield return Command(pool.Id, $"demo-supply-{pool.Id}", nowMs, new AllocationCommandBody.SupplySnapshot
            {
                Source = "operator",
                Version = 1,
                Quantity = pool.Supply,
                Through = null,
            });
        }
    }

    /// <summary>What is due by now, and new holds as far as the rate leaves room.</summary>
    public IEnumerable<AllocationCommand> Next(long nowMs, int room)
    {
        foreach (var restock in Restock(nowMs))
        {
            yield return restock;
            room--;
        }
        foreach (var paid in flow?.Work(nowMs) ?? [])
        {
            // At once, whatever else is planned: its hold may be about to expire.
            yield return Command(paid.PoolId, $"{paid.ReservationId}-pay", nowMs,
                new AllocationCommandBody.Confirm { ReservationId = paid.ReservationId });
            room--;
        }
        while (room > 0 && planned.TryPeek(out var command, out var dueMs) && dueMs <= nowMs)
        {
            planned.Dequeue();
            if (IsGivenUp(command))
            {
                continue;
            }
            yield return command with { IssuedAtMs = nowMs };
            room--;
        }
        while (room > 0)
        {
            var customer = PickCustomer();
            var hold = Hold(customer, nowMs);
            yield return hold;
            room--;
            if (random.NextDouble() < RepeatShare)
            {
                planned.Enqueue(hold, nowMs + 200);
            }
            if (customer.Retries > 0 && random.NextDouble() < StormShare)
            {
                for (var retry = 1; retry <= customer.Retries; retry++)
                {
                    planned.Enqueue(hold, nowMs + (100 * retry));
                }
            }
        }
    }

    /// <summary>Decides what a customer does next, now that something was decided.</summary>
    public void See(AllocationOutcome outcome, long nowMs)
    {
        var isNews = outcome.Original
            || outcome.Event is AllocationOutcomeEvent.Promoted or AllocationOutcomeEvent.Preempted;
        Follow(outcome.Event, nowMs);
        services?.See(outcome, nowMs);
        if (!isNews || Find(outcome.PoolId) is not { } pool)
        {
            return;
        }
        switch (outcome.Event)
        {
            case AllocationOutcomeEvent.Held { Lines: [var line] } when line.ReservationId.StartsWith(
                $"demo-{run}-", StringComparison.Ordinal):
                AfterHeld(pool, line.ReservationId, outcome.After is [var held, ..] ? held : null, nowMs);
                break;
            case AllocationOutcomeEvent.Promoted promoted when promoted.ReservationId.StartsWith(
                $"demo-{run}-", StringComparison.Ordinal):
                lost.Remove(promoted.ReservationId);
                AfterHeld(pool, promoted.ReservationId, outcome.After is [var granted, ..] ? granted : null, nowMs);
                break;
            case AllocationOutcomeEvent.Preempted preempted:
                lost.Add(preempted.ReservationId);
                break;
            // Where there are services, the warehouse says what left.
            case AllocationOutcomeEvent.Confirmed confirmed when services is null
                && confirmed.ReservationId.StartsWith("demo-", StringComparison.Ordinal):
                PlanUse(pool, confirmed.ReservationId, confirmed.Quantity, nowMs);
                break;
            case AllocationOutcomeEvent.Consumed consumed when consumed.ReservationId.StartsWith(
                "demo-", StringComparison.Ordinal):
                AfterConsumed(pool, consumed.ReservationId, consumed.Quantity, nowMs);
                break;
        }
    }

    // Who lost the units neither pays for them nor uses them.
    private bool IsGivenUp(AllocationCommand command) => command.Body switch
    {
        AllocationCommandBody.Confirm confirm => lost.Contains(confirm.ReservationId),
        AllocationCommandBody.Consume consume => lost.Contains(consume.ReservationId),
        _ => false,
    };

    // What becomes of the holds of orders that are on their way.
    private void Follow(AllocationOutcomeEvent happened, long nowMs)
    {
        switch (happened)
        {
            case AllocationOutcomeEvent.Expired expired:
                flow?.Lose(expired.ReservationId, StageResult.Expired, nowMs);
                break;
            case AllocationOutcomeEvent.Preempted preempted:
                flow?.Lose(preempted.ReservationId, StageResult.Compensated, nowMs);
                break;
            case AllocationOutcomeEvent.Released released:
                flow?.Lose(released.ReservationId, StageResult.Compensated, nowMs);
                break;
            case AllocationOutcomeEvent.Extended extended:
                flow?.Extend(extended.ReservationId, extended.ExpiresAtMs);
                break;
        }
    }

    private void AfterHeld(DemoPool pool, string reservationId, Reservation? held, long nowMs)
    {
        var mood = random.NextDouble();
        if (mood < PayShare * scenario.StageShare && flow is not null
            && held is { OrderRef: { } order, ExpiresAtMs: { } expiresAtMs })
        {
            flow.Begin(new DemoOrder(order, pool.Id, reservationId), expiresAtMs, nowMs);
        }
        else if (mood < PayShare)
        {
            Plan(pool, $"{reservationId}-pay", nowMs + Between(500, 6_000),
                new AllocationCommandBody.Confirm { ReservationId = reservationId });
        }
        else if (mood < 0.82)
        {
            Plan(pool, $"{reservationId}-drop", nowMs + Between(500, 6_000), new AllocationCommandBody.Release
            {
                ReservationId = reservationId,
                Reason = "CustomerCancelled",
            });
        }
    }

    private void TakeUp(DemoPool pool, DemoLeftovers left, long nowMs)
    {
        if (pool.Kind == PoolKind.Stock && left.Sold > 0)
        {
            soldSinceRestock[pool.Id] = left.Sold;
        }
        foreach (var reservation in left.Reservations)
        {
            if (reservation.Confirmed > 0 && services is not null)
            {
                services.Ship(pool.Id, reservation.ReservationId, null, reservation.Confirmed, nowMs);
            }
            else if (reservation.Confirmed > 0)
            {
                PlanUse(pool, reservation.ReservationId, reservation.Confirmed, nowMs);
            }
            else if (pool.Kind == PoolKind.Capacity && reservation.Consumed > reservation.Returned)
            {
                AfterConsumed(pool, reservation.ReservationId, reservation.Consumed - reservation.Returned, nowMs);
            }
        }
    }

    // The command's id is of this run, the movement's is not: should an earlier run's still be under way, one of them
    // is a no-op.
    private void PlanUse(DemoPool pool, string reservationId, long quantity, long nowMs) =>
        Plan(pool, $"{reservationId}-use-{run}", nowMs + Between(4_000, 12_000), new AllocationCommandBody.Consume
        {
            ReservationId = reservationId,
            Quantity = quantity,
            ConsumeId = $"{reservationId}-use",
            OccurredAtMs = nowMs,
        });

    private void AfterConsumed(DemoPool pool, string reservationId, long quantity, long nowMs)
    {
        if (pool.Kind == PoolKind.Capacity)
        {
            Plan(pool, $"{reservationId}-back-{run}", nowMs + Between(8_000, 25_000), new AllocationCommandBody.Return
            {
                ReservationId = reservationId,
                Quantity = quantity,
                ConsumeId = $"{reservationId}-back",
            });
            return;
        }
        soldSinceRestock[pool.Id] = soldSinceRestock.GetValueOrDefault(pool.Id) + quantity;
    }

    private IEnumerable<AllocationCommand> Restock(long nowMs)
    {
        if (nowMs < nextRestockAtMs)
        {
            yield break;
        }
        nextRestockAtMs = nowMs + RestockIntervalMs;
        foreach (var (poolId, sold) in soldSinceRestock.Where(s => s.Value > 0).ToList())
        {
            soldSinceRestock[poolId] = 0;
            foreach (var delta in Facts(poolId, sold, nowMs))
            {
                yield return delta;
            }
        }
    }

    // An unruly warehouse reports in two facts: the second comes first, the first seconds later, and then the second
    // once more.
    private IEnumerable<AllocationCommand> Facts(string poolId, long sold, long nowMs)
    {
        var number = nextDelta.GetValueOrDefault(poolId, 1);
        if (!scenario.IsWarehouseUnruly || sold < 2)
        {
            nextDelta[poolId] = number + 1;
            yield return Fact(poolId, number, sold, nowMs, "");
            yield break;
        }
        nextDelta[poolId] = number + 2;
        yield return Fact(poolId, number + 1, sold - (sold / 2), nowMs, "");
        planned.Enqueue(Fact(poolId, number, sold / 2, nowMs, ""), nowMs + 3_000);
        planned.Enqueue(Fact(poolId, number + 1, sold - (sold / 2), nowMs, "-again"), nowMs + 6_000);
    }

    private AllocationCommand Fact(string poolId, long number, long quantity, long nowMs, string suffix) =>
        Command(poolId, $"demo-{run}-restock-{number}{suffix}", nowMs, new AllocationCommandBody.SupplyDelta
        {
            Source = Source,
            SourceSequence = number,
            Quantity = quantity,
        });

    private AllocationCommand Hold(DemoCustomer customer, long nowMs)
    {
        var pool = Pick();
        var reservationId = $"demo-{run}-{++holdCount}";
        return Command(pool.Id, $"{reservationId}-hold", nowMs, new AllocationCommandBody.Hold
        {
            ReservationId = reservationId,
            Quantity = 1 + random.Next(pool.LargestHold),
            TtlMs = scenario.HoldMs,
            Mode = customer.Waits ? HoldMode.Waitlist : HoldMode.AllOrNothing,
            OrderRef = $"demo-order-{run}-{holdCount}",
            CustomerRef = customer.Names[random.Next(customer.Names.Count)],
            Attributes = customer.Attributes,
        }) with
        {
            Actor = new Actor
            {
                Type = ActorType.Service,
                Id = "demo",
                Channel = customer.Channel,
                Tier = customer.Tier,
            },
        };
    }

    private DemoCustomer PickCustomer()
    {
        if (scenario.Customers is [var only])
        {
            return only;
        }
        var dice = random.NextDouble();
        foreach (var customer in scenario.Customers)
        {
            dice -= customer.Share;
            if (dice < 0)
            {
                return customer;
            }
        }
        return scenario.Customers[^1];
    }

    private DemoPool Pick()
    {
        var dice = random.NextDouble();
        foreach (var pool in scenario.Pools)
        {
            dice -= pool.Share;
            if (dice < 0)
            {
                return pool;
            }
        }
        return scenario.Pools[^1];
    }

    private void Plan(DemoPool pool, string commandId, long atMs, AllocationCommandBody body) =>
        planned.Enqueue(Command(pool.Id, commandId, atMs, body), atMs);

    private long Between(int fromMs, int toMs) => random.Next(fromMs, toMs);

    private DemoPool? Find(string poolId) => scenario.Pools.FirstOrDefault(p => p.Id == poolId);

    private static AllocationCommand Command(
        string poolId, string commandId, long nowMs, AllocationCommandBody body) => new()
        {
            CommandId = commandId,
            PoolId = poolId,
            Actor = new Actor { Type = ActorType.Service, Id = "demo", Channel = "web" },
            CorrelationId = commandId,
            IssuedAtMs = nowMs,
            Body = body,
        };
}
