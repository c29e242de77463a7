namespace Alloc.Replay.Shop;

/// <summary>What becomes of an order. The file does not say; it is drawn from the seed.</summary>
internal enum OrderFate
{
    /// <summary>Paid, confirmed and shipped.</summary>
    Ships,

    /// <summary>Cancelled by the customer before it is paid.</summary>
    Cancelled,

    /// <summary>Never paid: its holds expire.</summary>
    Abandoned,
}

/// <summary>A line of an order.</summary>
/// <param name="LineId">Its name within the order.</param>
/// <param name="PoolId">What is sold.</param>
/// <param name="ReservationId">Its reservation.</param>
/// <param name="Quantity">Units asked for.</param>
/// <param name="KeptQuantity">Units that are left after the customer changed his mind, before they are
/// confirmed.</param>
/// <param name="Fault">What goes wrong with it, if it ships.</param>
internal sealed record PlannedLine(
    string LineId, string PoolId, string ReservationId, long Quantity, long KeptQuantity,
    ShopFault Fault = ShopFault.None);

/// <summary>Goods of a line that come back.</summary>
/// <param name="DueMs">When, milliseconds after the beginning; not before the order has shipped.</param>
/// <param name="Id">The movement.</param>
/// <param name="LineId">The line.</param>
/// <param name="Quantity">Units.</param>
/// <param name="IsDamaged">Whether they are blocked instead of put on sale again.</param>
internal sealed record PlannedReturn(long DueMs, string Id, string LineId, long Quantity, bool IsDamaged);

/// <summary>An order and what becomes of it.</summary>
internal sealed record PlannedOrder
{
    public required string OrderRef { get; init; }

    /// <summary>When it comes, milliseconds after the beginning.</summary>
    public required long DueMs { get; init; }

    public string? Customer { get; init; }

    public required IReadOnlyList<PlannedLine> Lines { get; init; }

    public OrderFate Fate { get; init; }

    /// <summary>What goes wrong with it as a whole.</summary>
    public ShopFault Fault { get; init; }

    /// <summary>What comes back, the earliest first.</summary>
    public IReadOnlyList<PlannedReturn> Returns { get; init; } = [];
}
