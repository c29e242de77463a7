using System.Globalization;
using Alloc.Processors.Records;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Differences;

/// <summary>
/// Makes a difference one that the keeper of mismatches takes, whatever it is about: ids go as they are, for its bounds
/// are theirs; words for people are fitted; what cannot be carried is said in words.
/// </summary>
internal static class DifferenceTexts
{
    /// <summary>The difference as it is told.</summary>
    public static Difference Fit(Difference said)
    {
        var isTooLarge = said.Repair?.Payload is { Length: > TextBounds.PayloadBytes };
        return said with
        {
            Scope = said.Scope is { } scope ? scope with { OrderRef = IdOf(scope.OrderRef) } : null,
            Left = Fit(said.Left),
            Right = Fit(said.Right),
            Repair = isTooLarge ? null : said.Repair,
            NoRepairWhy = isTooLarge
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"Its record has {said.Repair!.Payload!.Value.Length} bytes, more than the "
                    + $"{TextBounds.PayloadBytes} that a repair carries.")
                : Fit(said.NoRepairWhy),
            Ended = said.Ended is { } ended ? Fit(ended) : null,
        };
    }

    private static MismatchSide? Fit(MismatchSide? side) =>
        side is null ? null : side with { Says = Fit(side.Says) };

    private static string Fit(string words) => ShownText.Fit(words, TextBounds.Words);

    // The ledger takes references of which no list can be made: what stands about such an order is in no order's list.
    private static string? IdOf(string? orderRef) =>
        orderRef is not null && IdRules.Fault(orderRef, TextBounds.Id) is null ? orderRef : null;
}
