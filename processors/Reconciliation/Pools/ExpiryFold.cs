using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Engine.Watermarks;
using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Records;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>
/// A hold ends when its time has come. One that another system decides about does not, and one that a mode extends has
/// another time.
/// </summary>
internal sealed class ExpiryFold
{
    public const string SlicesKey = "slices";
    private const int PerCall = 1_000;
    private const string Scope = "reservation";
    private static readonly Tolerance Usual = new(TimeSpan.FromSeconds(30), "none");

    /// <summary>How long a hold is left alone that another system decides about.</summary>
    private static readonly TimeSpan Elsewhere = TimeSpan.FromMinutes(10);

    private readonly IProcessorContext context;
    private readonly PoolStores stores;
    private readonly DifferenceBook differences;
    private readonly PartitionCatalogue catalogue;
    private readonly IWatermarkTimer timer;
    private SlicesOf slices;

    public ExpiryFold(
        string outcomeTopic, IProcessorContext context, PoolStores stores, DifferenceBook differences,
        PartitionCatalogue catalogue)
    {
        (this.context, this.stores, this.differences, this.catalogue) = (context, stores, differences, catalogue);
        slices = stores.SlicesHere.Get(SlicesKey) ?? new SlicesOf();
        timer = context.CreateWatermarkTimer([outcomeTopic], Pass);
        Await();
    }

    private Tolerance Tolerance => catalogue.Of(MismatchClass.ExpiryNotReleased, Usual);

    /// <summary>Takes up what an outcome leaves held.</summary>
    public void Take(AllocationOutcome outcome, in RecordMetadata at)
    {
        if (outcome.Event is AllocationOutcomeEvent.AuthorityChanged changed && outcome.DuplicateOf is null)
        {
            slices = new SlicesOf { Slices = Authority.With(slices.Slices, Authority.SliceAfter(changed)) };
            stores.SlicesHere.Put(SlicesKey, slices);
            LeaveToOthers();
        }
        var after = outcome.After;
        for (var index = 0; index < after.Count; index++)
        {
            Take(outcome.PoolId, after[index], at, outcome.TMs);
        }
        if (after.Count > 0)
        {
            Await();
        }
    }

    private void Take(string poolId, Reservation reservation, in RecordMetadata at, long atMs)
    {
        var key = new InPoolKey(poolId, reservation.ReservationId);
        var before = stores.HoldOf.Get(key);
        var expiresAtMs = reservation.Held > 0 ? reservation.ExpiresAtMs : null;
        if (before is null && expiresAtMs is null)
        {
            return;
        }
        if (before is { IsTold: false } && before.ExpiresAtMs != expiresAtMs)
        {
            stores.HoldsDue.Remove(DueAtMs(before.ExpiresAtMs), key);
        }
        if (before is { IsTold: true } && before.ExpiresAtMs != expiresAtMs)
        {
            differences.End(KeyOf(key), expiresAtMs is null ? "the hold ended" : "the hold was extended");
        }
        if (before is not null && expiresAtMs is null && catalogue.Follows(MismatchClass.ExpiryNotReleased))
        {
            differences.Lags.Add(MismatchClass.ExpiryNotReleased, "", before.ExpiresAtMs, atMs);
        }
        if (expiresAtMs is not { } dueMs)
        {
            stores.HoldOf.Delete(key);
            return;
        }
        var isSame = before?.ExpiresAtMs == dueMs;
        stores.HoldOf.Put(key, new WatchedHold
        {
            ExpiresAtMs = dueMs,
            Held = reservation.Held,
            Version = reservation.Version,
            OrderRef = reservation.OrderRef,
            Position = MismatchIds.PositionOf(at),
            IsTold = isSame && before!.IsTold,
        });
        if (!isSame)
        {
            stores.HoldsDue.Add(DueAtMs(dueMs), key);
        }
    }

    private void Pass(long watermarkMs)
    {
        foreach (var (dueAtMs, key) in stores.HoldsDue.Until(watermarkMs - 1).Take(PerCall).ToList())
        {
            stores.HoldsDue.Remove(dueAtMs, key);
            if (stores.HoldOf.Get(key) is not { } hold || hold.IsTold)
            {
                continue;
            }
            // A timer may be that of an expiry or a tolerance of before.
            var tolerance = differences.Lags.Resolve(
                Tolerance, MismatchClass.ExpiryNotReleased, "", hold.ExpiresAtMs);
            var dueMs = IsElsewhere(key.PoolId)
                ? watermarkMs + (long)Elsewhere.TotalMilliseconds
                : hold.ExpiresAtMs + (long)tolerance.Time.TotalMilliseconds;
            if (dueMs >= watermarkMs)
            {
                stores.HoldsDue.Add(dueMs, key);
                continue;
            }
            stores.HoldOf.Put(key, hold with { IsTold = true });
            Tell(key, hold, tolerance);
        }
        Await();
    }

    private bool IsElsewhere(string poolId) =>
        Authority.SliceOf(slices.Slices, poolId).Mode is AuthorityMode.Legacy or AuthorityMode.Shadow;

    // What was said of holds that another system decides about from now on is not true any more.
    private void LeaveToOthers()
    {
        foreach (var (key, told) in differences.Those(MismatchClass.ExpiryNotReleased, Scope, ""))
        {
            var poolId = told.Difference.Scope!.PoolId!;
            if (!IsElsewhere(poolId))
            {
                continue;
            }
            differences.End(key, "another system decides about the pool");
            var hold = new InPoolKey(poolId, CompoundIds.SecondOf(key.Id, poolId));
            if (stores.HoldOf.Get(hold) is { } watched)
            {
                stores.HoldOf.Put(hold, watched with { IsTold = false });
                stores.HoldsDue.Add(DueAtMs(watched.ExpiresAtMs), hold);
            }
        }
    }

    private void Tell(InPoolKey key, WatchedHold hold, Tolerance tolerance) => differences.Stand(new Finding(
        KeyOf(key),
        Sides.Of(
            "ledger", $"{hold.Held} of {key.Shown} are held, version {hold.Version}.", hold.Position, null,
            ("held", hold.Held), ("version", hold.Version)),
        Sides.Of(
            "clock", string.Create(
                CultureInfo.InvariantCulture,
                $"The hold was to end at {DateTimeOffset.FromUnixTimeMilliseconds(hold.ExpiresAtMs):u}."),
            null, hold.ExpiresAtMs))
    {
        SinceMs = hold.ExpiresAtMs,
        Episode = hold.Position,
        Tolerance = tolerance,
        PoolId = key.PoolId,
        OrderRef = hold.OrderRef,
        Repair = new RepairFacts { Kind = RepairKind.Tick, PoolId = key.PoolId, Partition = context.Partition },
    });

    // At the earliest.
    private long DueAtMs(long expiresAtMs) => expiresAtMs + (long)Tolerance.Earliest.TotalMilliseconds;

    private void Await() =>
        timer.DueAtMs = stores.HoldsDue.TryPeek(out var dueAtMs, out _) ? dueAtMs : long.MaxValue;

    private static DifferenceKey KeyOf(InPoolKey key) =>
        key.Difference(MismatchClass.ExpiryNotReleased, Scope);
}
