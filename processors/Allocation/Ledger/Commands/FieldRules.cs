using Alloc.Processors.Records;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Allocation.Ledger.Commands;

/// <summary>
/// Tier 0: what makes a single field of a command malformed; the detail of the reason names the field.
/// </summary>
internal static class FieldRules
{
    /// <summary>
    /// Longest reason of a release, in characters: a limit of the contract, not of a policy. A parked command is
    /// written again with every outcome of its reservation, so all of its texts are short.
    /// </summary>
    private const int MaximumReasonLength = 1_024;

    /// <summary>A number of units, where one is given.</summary>
    public static void OptionalQuantity(Decision d, long? quantity)
    {
        if (quantity is { } given)
        {
            Quantity(d, given);
        }
    }

    /// <summary>A number of units.</summary>
    public static void Quantity(Decision d, long quantity)
    {
        if (quantity < 1 || quantity > d.Policy.Limits.MaximumQuantity)
        {
            Range(d, "quantity", quantity, 1, d.Policy.Limits.MaximumQuantity);
        }
    }

    /// <summary>A number above zero.</summary>
    public static void Positive(Decision d, long value, string field)
    {
        if (value < 1)
        {
            Range(d, field, value, 1, long.MaxValue);
        }
    }

    /// <summary>An id.</summary>
    public static void Id(Decision d, string text, string field)
    {
        if (IdRules.Fault(text, d.Policy.Limits.MaximumIdLength) is { } fault)
        {
            d.Fail(
                ReasonCode.Malformed, $"{field} {fault}", null,
                Trace.N(NumberName.Length, text.Length), Trace.N(NumberName.Maximum, d.Policy.Limits.MaximumIdLength));
        }
    }

    /// <summary>A text that refers to something elsewhere.</summary>
    public static void Reference(Decision d, string? text, string field)
    {
        if (text is not null && text.Length > d.Policy.Limits.MaximumIdLength)
        {
            d.Fail(
                ReasonCode.Malformed, $"{field} is too long", null,
                Trace.N(NumberName.Length, text.Length), Trace.N(NumberName.Maximum, d.Policy.Limits.MaximumIdLength));
        }
    }

    /// <summary>A value of an enumeration.</summary>
    public static void Known(Decision d, bool isKnown, string field)
    {
        if (!isKnown)
        {
            Malformed(d, $"{field} has a value that this version does not know");
        }
    }

    /// <summary>A source and the sequence of a fact of it.</summary>
    public static void Source(Decision d, string source, long sequence)
    {
        Id(d, source, "source");
        Sequence(d, sequence);
    }

    /// <summary>The sequence of a fact.</summary>
    public static void Sequence(Decision d, long sequence)
    {
        if (sequence < 1 || sequence == long.MaxValue)
        {
            Malformed(d, "sourceSequence is out of range");
        }
    }

    /// <summary>A number is not between its bounds, which belong to the range.</summary>
    public static void Range(Decision d, string field, long value, long minimum, long maximum) => d.Fail(
        ReasonCode.Malformed, $"{field} is out of range", null,
        Trace.N(NumberName.Actual, value), Trace.N(NumberName.Minimum, minimum), Trace.N(NumberName.Maximum, maximum));

    /// <summary>Adds a reason, which names the field.</summary>
    public static void Malformed(Decision d, string detail) => d.Fail(ReasonCode.Malformed, detail);

    /// <summary>A text that says why.</summary>
    public static void Reason(Decision d, string reason)
    {
        if (reason.Length > MaximumReasonLength)
        {
            Range(d, "reason", reason.Length, 0, MaximumReasonLength);
        }
    }
}
