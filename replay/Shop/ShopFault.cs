namespace Alloc.Replay.Shop;

/// <summary>What goes wrong with an order or a line, once.</summary>
internal enum ShopFault
{
    None,

    /// <summary>A service acts and writes no receipt.</summary>
    DroppedReceipt,

    /// <summary>A service acts twice.</summary>
    DoubledReceipt,

    /// <summary>A service says that it failed.</summary>
    FailedEffect,

    /// <summary>Units are consumed once more than were promised, and did not leave.</summary>
    DoubledConsume,

    /// <summary>The ledger is told that units are used up of which the warehouse says nothing.</summary>
    ConsumeWithoutGoods,

    /// <summary>Goods leave and the ledger is not told.</summary>
    GoodsWithoutConsume,

    /// <summary>Goods come back that never left.</summary>
    ReturnOfNothing,

    /// <summary>Goods come in and the warehouse says nothing of it.</summary>
    LostFact,

    /// <summary>A release is written and never decided; the order is told to be cancelled.</summary>
    LostRelease,

    /// <summary>The order is cancelled and nobody gives its holds back.</summary>
    CancelledBehind,

    /// <summary>The order is cancelled after it was confirmed, and nobody takes its units back.</summary>
    DeadAfterConfirm,

    /// <summary>The order counts on one unit more, or less, than its reservation has.</summary>
    OtherQuantity,

    /// <summary>The holds expire though the order is paid.</summary>
    ExpiredUnderPayment,

    /// <summary>The authorisation of the payment ends before the goods leave.</summary>
    ExpiredAuthorisation,

    /// <summary>Units are confirmed for an order that nobody knows.</summary>
    ConfirmedWithoutOrder,

    /// <summary>An older system goes on deciding about a pool that was taken over.</summary>
    SecondWriter,
}

/// <summary>Which faults there are.</summary>
internal static class ShopFaults
{
    /// <summary>Those that befall an order as a whole.</summary>
    public static IReadOnlyList<ShopFault> OfOrders { get; } =
    [
        ShopFault.LostRelease, ShopFault.CancelledBehind, ShopFault.DeadAfterConfirm, ShopFault.OtherQuantity,
        ShopFault.ExpiredUnderPayment, ShopFault.ExpiredAuthorisation, ShopFault.ConfirmedWithoutOrder,
    ];

    /// <summary>Those that befall a line that ships.</summary>
    public static IReadOnlyList<ShopFault> OfLines { get; } =
    [
        ShopFault.DroppedReceipt, ShopFault.DoubledReceipt, ShopFault.FailedEffect, ShopFault.DoubledConsume,
        ShopFault.ConsumeWithoutGoods, ShopFault.GoodsWithoutConsume, ShopFault.ReturnOfNothing,
    ];

    /// <summary>Those that befall goods which come in.</summary>
    public static IReadOnlyList<ShopFault> OfSupply { get; } = [ShopFault.LostFact];
}
