using Alloc.Processors.Documents;

namespace Alloc.Processors.Workflow.Definition;

/// <summary>What an outside system is there for.</summary>
public enum OutsideKind
{
    /// <summary>It takes payments.</summary>
    Payment,

    /// <summary>It decides about fraud.</summary>
    Fraud,

    /// <summary>It carries goods.</summary>
    Carrier,
}

/// <summary>What a code of an outside system means here. Each meaning is of one kind of system.</summary>
public enum OutsideMeaning
{
    /// <summary>Payment: it was refused for good.</summary>
    Declined,

    /// <summary>Payment: there is not enough money.</summary>
    InsufficientFunds,

    /// <summary>Payment: it was refused as fraud.</summary>
    Fraud,

    /// <summary>Payment: it may work later.</summary>
    TryLater,

    /// <summary>Payment: the amount is not what was authorised.</summary>
    WrongAmount,

    /// <summary>Fraud: the order may go on.</summary>
    Accept,

    /// <summary>Fraud: it may not.</summary>
    Reject,

    /// <summary>Fraud: a person has to decide.</summary>
    Review,

    /// <summary>Carrier: the customer has it.</summary>
    Delivered,

    /// <summary>Carrier: nobody knows where it is.</summary>
    Lost,

    /// <summary>Carrier: the customer did not take it.</summary>
    Refused,

    /// <summary>Carrier: it is back.</summary>
    Returned,
}

/// <summary>What a code of an outside system means.</summary>
/// <param name="Id">The row's name.</param>
/// <param name="OutsideSystem">
/// The system: <c>payment</c>, <c>fraud</c>, <c>carrier</c>, or one of several of its kind, <c>carrier/north</c>.
/// </param>
/// <param name="Version">Version of the system's codes, from 1.</param>
/// <param name="Code">The code, as the system writes it.</param>
/// <param name="Means">What it means; of the system's kind.</param>
public sealed record MappingRow(string Id, string OutsideSystem, int Version, string Code, OutsideMeaning Means);

/// <summary>What kind a system is of, and what its codes can mean.</summary>
internal static class OutsideSystems
{
    /// <summary>The kind of a system; null: its name says none.</summary>
    public static OutsideKind? KindOf(string system)
    {
        var slash = system.IndexOf('/', StringComparison.Ordinal);
        if (slash == system.Length - 1)
        {
            return null;
        }
        var word = slash < 0 ? system : system[..slash];
        foreach (var kind in Enum.GetValues<OutsideKind>())
        {
            if (Words.Of(kind) == word)
            {
                return kind;
            }
        }
        return null;
    }

    /// <summary>What codes of a kind of system can mean.</summary>
    public static IReadOnlyList<OutsideMeaning> MeaningsOf(OutsideKind kind) => kind switch
    {
        OutsideKind.Payment =>
        [
            OutsideMeaning.Declined, OutsideMeaning.InsufficientFunds, OutsideMeaning.Fraud, OutsideMeaning.TryLater,
            OutsideMeaning.WrongAmount,
        ],
        OutsideKind.Fraud => [OutsideMeaning.Accept, OutsideMeaning.Reject, OutsideMeaning.Review],
        OutsideKind.Carrier =>
        [
            OutsideMeaning.Delivered, OutsideMeaning.Lost, OutsideMeaning.Refused, OutsideMeaning.Returned,
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind of system."),
    };
}
