using Alloc.Processors.Documents;

namespace Alloc.Processors.Workflow.Definition;

/// <summary>Orders that go through the same steps.</summary>
/// <param name="Id">The segment's name.</param>
/// <param name="When">Which orders it is of; null: all.</param>
/// <param name="Steps">
/// The steps in their order: Hold, Authorise and where it is checked Fraud, then Confirm, at the end Fulfil.
/// </param>
public sealed record SegmentRow(string Id, SegmentCondition? When, ValueList<WorkflowStep> Steps)
{
    /// <summary>Whether an order is of the segment, as far as its condition says.</summary>
    /// <param name="attributes">The order's attributes; null: none.</param>
    /// <param name="amountMinor">What it costs, in the smallest unit of the currency; null: unknown.</param>
    /// <param name="currency">The currency, ISO 4217; null: unknown.</param>
    public bool Matches(IReadOnlyDictionary<string, string>? attributes, long? amountMinor, string? currency) =>
        When is null || When.Holds(attributes, amountMinor, currency);

    /// <summary>
    /// The step that comes after one; null: it was the last. After Review comes what comes after Fraud.
    /// </summary>
    /// <exception cref="ArgumentException">The segment has no such step.</exception>
    public WorkflowStep? After(WorkflowStep step)
    {
        var place = PlaceOf(step == WorkflowStep.Review ? WorkflowStep.Fraud : step);
        if (place < 0)
        {
            throw new ArgumentException($"The segment '{Id}' has no step {Words.Of(step)}.", nameof(step));
        }
        return place + 1 < Steps.Count ? Steps[place + 1] : null;
    }

    /// <summary>Whether it matches everything that the other segment matches.</summary>
    internal bool Covers(SegmentRow other) => When is null || (other.When is { } theirs && When.Covers(theirs));

    private int PlaceOf(WorkflowStep step)
    {
        for (var place = 0; place < Steps.Count; place++)
        {
            if (Steps[place] == step)
            {
                return place;
            }
        }
        return -1;
    }
}

/// <summary>What an order must be for its segment; at least one of both is said.</summary>
public sealed record SegmentCondition
{
    /// <summary>Attributes that the order has, all of them, in the order of their names; empty: any.</summary>
    public ValueList<AttributeCondition> Attributes { get; init; } = [];

    /// <summary>What it costs at least; null: anything.</summary>
    public AmountCondition? Amount { get; init; }

    /// <summary>Whether an order fulfils all of it.</summary>
    /// <param name="attributes">The order's attributes; null: none.</param>
    /// <param name="amountMinor">What it costs, in the smallest unit of the currency; null: unknown.</param>
    /// <param name="currency">The currency, ISO 4217; null: unknown.</param>
    public bool Holds(IReadOnlyDictionary<string, string>? attributes, long? amountMinor, string? currency)
    {
        foreach (var wanted in Attributes)
        {
            if (attributes is null || !attributes.TryGetValue(wanted.Name, out var value)
                || !wanted.Values.Contains(value))
            {
                return false;
            }
        }
        return Amount is null || (Amount.Currency == currency && amountMinor >= Amount.AtLeastMinor);
    }

    /// <summary>Whether every order that fulfils the other condition fulfils this one.</summary>
    internal bool Covers(SegmentCondition other) =>
        Attributes.All(mine => other.Attributes.Any(
            theirs => theirs.Name == mine.Name && theirs.Values.All(mine.Values.Contains)))
        && (Amount is null || (other.Amount is { } amount && amount.Currency == Amount.Currency
            && amount.AtLeastMinor >= Amount.AtLeastMinor));
}

/// <summary>An attribute of an order.</summary>
/// <param name="Name">The attribute's name.</param>
/// <param name="Values">The values that it may have, at least one.</param>
public sealed record AttributeCondition(string Name, ValueList<string> Values);

/// <summary>What an order costs at least. An order in another currency is never compared with it.</summary>
/// <param name="AtLeastMinor">The amount, in the smallest unit of the currency, from 0.</param>
/// <param name="Currency">ISO 4217, three capital letters.</param>
public sealed record AmountCondition(long AtLeastMinor, string Currency);
