namespace Alloc.Processors.Reconciliation.Orders;

/// <summary>What an order in a state expects of the reservations of its lines.</summary>
internal enum OrderExpectation
{
    /// <summary>Nothing yet, or nothing that can be compared.</summary>
    Nothing,

    /// <summary>A promise of the line's units, for now or for good, or that they were used up.</summary>
    Reserved,

    /// <summary>The line's units are committed or used up.</summary>
    Committed,

    /// <summary>Nothing is held any more; the units were used up, or come back.</summary>
    Gone,

    /// <summary>The order is dead: nothing is held and nothing committed.</summary>
    Dead,
}

/// <summary>The table of order states. docs/reconciliation.md shows it, and a test compares the two.</summary>
internal static class OrderExpectations
{
    /// <summary>Each state that is known, and what an order in it expects.</summary>
    public static IReadOnlyDictionary<string, OrderExpectation> Table { get; } =
        new Dictionary<string, OrderExpectation>(StringComparer.Ordinal)
        {
            ["AcceptedForProcessing"] = OrderExpectation.Nothing,
            ["InventoryHoldPending"] = OrderExpectation.Reserved,
            ["AwaitingFraudDecision"] = OrderExpectation.Reserved,
            ["ManualReviewRequired"] = OrderExpectation.Reserved,
            ["AuthorizationPending"] = OrderExpectation.Reserved,
            ["Confirming"] = OrderExpectation.Reserved,
            ["ReadyForFulfillment"] = OrderExpectation.Committed,
            ["InFulfillment"] = OrderExpectation.Committed,
            ["PartiallyShipped"] = OrderExpectation.Committed,
            ["Shipped"] = OrderExpectation.Gone,
            ["Returning"] = OrderExpectation.Gone,
            ["Returned"] = OrderExpectation.Gone,
            ["Compensating"] = OrderExpectation.Nothing,
            ["Cancelled"] = OrderExpectation.Dead,
            ["Failed"] = OrderExpectation.Dead,
        };

    /// <summary>What an order in a state expects; nothing of a state that is not known.</summary>
    public static OrderExpectation Of(string state) => Table.GetValueOrDefault(state, OrderExpectation.Nothing);
}
