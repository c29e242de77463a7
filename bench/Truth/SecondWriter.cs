using System.Globalization;
using Alloc.Client;
using Alloc.Replay.Shop;
using Alloc.Schemas.Allocation;

namespace Alloc.Bench.Truth;

/// <summary>
/// Pools that were taken over from an older system, which for some of them has not heard of it and goes on asking under
/// the epoch that is over.
/// </summary>
internal static class SecondWriter
{
    private const string Slice = "taken-over/";
    private const long OldEpoch = 0;
    private const int PoolsOfWhichOne = 100;

    /// <summary>Takes the slice over.</summary>
    public static Task TakeOverAsync(AllocClientOptions settings, CancellationToken cancellation) =>
        AllocCommand.RunAsync(
            settings, cancellation, "authority", "transfer", Slice + "*", "--mode", "authoritative", "--owner", "alloc",
            "--epoch", "1");

    /// <summary>Has the older system ask, and the shop: about a hundred pools, the share of them that is
    /// wrong.</summary>
    public static void Write(LiveShop live, ShopFloor floor, double faultShare)
    {
        var wrong = Math.Max(1, (int)Math.Round(PoolsOfWhichOne * faultShare));
        for (var number = 0; number < PoolsOfWhichOne; number++)
        {
            var pool = string.Create(CultureInfo.InvariantCulture, $"{Slice}{number}");
            var isWrong = number < wrong;
            if (isWrong)
            {
                floor.Truth.Inject(ShopFault.SecondWriter);
                floor.Truth.Expect(ShopFault.SecondWriter, "DualWriter", pool);
            }
            var settings = new PoolSettings { Unit = "piece" };
            live.Ask(
                pool, "open", new AllocationCommandBody.PoolConfigure { Settings = settings },
                _ => live.AskUnder(isWrong ? OldEpoch : OldEpoch + 1, pool, "hold", new AllocationCommandBody.Hold
                {
                    ReservationId = "of-the-older-system",
                    Quantity = 1,
                }));
        }
    }
}
