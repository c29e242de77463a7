using System.CommandLine;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.Reservations;

/// <summary>Options that several verbs of a reservation take.</summary>
internal static class ReservationOptions
{
    public static readonly Option<string> Pool = new("--pool")
    {
        Description = "The pool",
        Required = true,
        HelpName = "pool",
    };

    public static readonly Option<string> Id = new("--id")
    {
        Description = "The reservation",
        Required = true,
        HelpName = "reservation",
    };

    public static readonly Option<long?> Quantity = new("--quantity", "-q")
    {
        Description = "How many units",
        HelpName = "units",
    };

    public static readonly Option<long> RequiredQuantity = new("--quantity", "-q")
    {
        Description = "How many units",
        HelpName = "units",
        Required = true,
    };

    public static readonly Option<string?> Class = new("--class")
    {
        Description = "Priority class",
        HelpName = "class",
    };

    public static readonly Option<string?> Order = new("--order")
    {
        Description = "The order it belongs to",
        HelpName = "ref",
    };

    public static readonly Option<string?> Customer = new("--customer")
    {
        Description = "The customer it belongs to",
        HelpName = "ref",
    };

    public static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why, for the record",
        DefaultValueFactory = _ => "Operator",
        HelpName = "text",
    };

    public static readonly Option<string?> Source = new("--source")
    {
        Description = "The system that counted this fact",
        HelpName = "name",
    };

    public static readonly Option<long?> Sequence = new("--source-sequence")
    {
        Description = "The fact's number, 1, 2, 3, … per source and pool",
        HelpName = "number",
    };

    public static readonly Option<string?> ConsumeId = new("--consume-id")
    {
        Description = "The fact's own key; the command's id if not given",
        HelpName = "id",
    };

    /// <summary>The words that every verb's repetition starts with.</summary>
    public static List<string> Words(CommandContext context, string verb) =>
        new List<string> { "reservation", verb }.And("--pool", context.Get(Pool)).And("--id", context.Get(Id));

    /// <summary>Adds an option that has a value, in one word where the value would be taken for an option.</summary>
    public static List<string> And(this List<string> words, string option, object? value)
    {
        if (value is null)
        {
            return words;
        }
        var text = Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!;
        if (text.StartsWith('-'))
        {
            words.Add($"{option}={text}");
        }
        else
        {
            words.AddRange([option, text]);
        }
        return words;
    }
}
