using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Cli.Commands.Reconciliation;

/// <summary>Options that say which mismatches are meant.</summary>
internal static class MismatchOptions
{
    public static readonly Option<MismatchState?> State = new("--state")
    {
        Description = "Only those that stand so",
        HelpName = "Open|Proposed|Approved|Repairing|Accepted",
    };

    public static readonly Option<MismatchClass?> Class = new("--class")
    {
        Description = "Only this class",
        HelpName = "class",
    };

    public static readonly Option<string?> Severity = new Option<string?>("--severity")
    {
        Description = "Only these",
        HelpName = "page|ticket",
    }.AcceptOnlyFromAmong("page", "ticket");

    public static readonly Option<string?> Owner = new("--owner")
    {
        Description = "Only those of this owner",
        HelpName = "name",
    };

    public static readonly Option<string?> Assignee = new("--assignee")
    {
        Description = "Only those that this person took",
        HelpName = "name",
    };

    public static readonly Option<string?> Pool = new("--pool")
    {
        Description = "Only of this pool",
        HelpName = "pool",
    };

    public static readonly Option<string?> Order = new("--order")
    {
        Description = "Only of this order",
        HelpName = "order",
    };

    public static readonly Option<bool> Queue = new("--queue")
    {
        Description = "Only the exception queue: what no rule repairs",
    };

    public static readonly Option<string?> Since =
        PointInTime.Option("--since", "Only those that were opened since then");

    public static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why; it is in the audit",
        HelpName = "text",
        Required = true,
    };

    public static readonly Argument<string[]> Ids = new("mismatch-id")
    {
        Description = "The mismatches, as alloc reconcile list shows them",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>The query of what a command was given.</summary>
    public static string Query(CommandContext context) => string.Concat(
        Part("state", context.Get(State)?.ToString()), Part("class", context.Get(Class)?.ToString()),
        Part("severity", context.Get(Severity)), Part("owner", context.Get(Owner)),
        Part("assignee", context.Get(Assignee)), Part("pool", context.Get(Pool)), Part("order", context.Get(Order)),
        context.Get(Queue) ? "&queued=true" : "");

    /// <summary>A part of a query; empty without a value.</summary>
    public static string Part(string name, string? value) =>
        value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
