using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Spectre.Console;

namespace Alloc.Cli.Commands.General;

/// <summary>
/// <c>alloc explain POOL --why-not QUANTITY</c>: what a hold would be answered now. The pool's own instance decides it
/// and nothing is held.
/// </summary>
internal static class ExplainWhyNot
{
    private static readonly Option<long?> Quantity = new("--why-not")
    {
        Description = "Why so many units of the pool could not be held now, or that they could",
        HelpName = "units",
    };

    private static readonly Option<string?> Class = Text("--class", "With --why-not: the priority class", "class");

    private static readonly Option<string?> Channel = Text(
        "--channel", "With --why-not: the channel that the request comes from", "name");

    private static readonly Option<string?> Tier = Text("--tier", "With --why-not: the tier of who asks", "name");

    private static readonly Option<string?> Customer = Text("--customer", "With --why-not: the customer", "ref");

    private static readonly Option<string?> Dealer = Text("--dealer", "With --why-not: the dealer", "ref");

    public static Command AsksWhyNot(this Command command) =>
        command.Takes(Quantity, Class, Channel, Tier, Customer, Dealer);

    public static bool IsAsked(CommandContext context)
    {
        if (context.Get(Quantity) is not null)
        {
            return true;
        }
        return new[] { Class, Channel, Tier, Customer, Dealer }.FirstOrDefault(o => context.Get(o) is not null)
            is { } option
            ? throw AllocException.Usage($"{option.Name} says who asks: it goes with --why-not QUANTITY.")
            : false;
    }

    public static async Task<int> RunAsync(CommandContext context, string pool, CancellationToken cancellation)
    {
        if (context.Get(Quantity) is not >= 1)
        {
            throw AllocException.Usage("--why-not is a number of units, at least 1.");
        }
        using var console = JsonHttp.Console(context);
        var query = string.Concat(new[] { Class, Channel, Tier, Customer, Dealer }
            .Where(o => context.Get(o) is not null)
            .Select(o => $"&{o.Name.TrimStart('-')}={Uri.EscapeDataString(context.Get(o)!)}"));
        var answer = await console.GetAsync(
            $"v1/pools/{Uri.EscapeDataString(pool)}/why-not?quantity={context.Get(Quantity)}{query}", cancellation)
            .ConfigureAwait(false);
        answer["advice"] = new JsonArray([.. AdviceOf(answer).Select(a => (JsonNode)a.Json())]);
        context.Screen.One(answer, screen => Write(screen, answer, context.Time));
        return ExitCode.Ok;
    }

    private static IReadOnlyList<Advice> AdviceOf(JsonNode answer) => Advice.Of(
        OutcomeJson.Reasons(answer["outcome"]!["event"]!["reasons"]?.AsArray()),
        OutcomeJson.Steps(answer["outcome"]!["decision"]!.AsArray()));

    private static void Write(IAnsiConsole screen, JsonNode answer, TimeProvider clock)
    {
        var outcome = answer["outcome"]!;
        var happened = outcome["event"]!;
        var reasons = OutcomeJson.Reasons(happened["reasons"]?.AsArray());
        var isGranted = answer["granted"]!.GetValue<bool>();
        var kind = happened["type"]!.ToString();
        var (symbol, style) = isGranted ? ("✔", "green") : kind == "Rejected" ? ("✘", "red") : ("•", "yellow");
        var codes = reasons.Count > 0 ? $": {string.Join(", ", reasons.Select(r => r.Code))}" : "";
        var said = isGranted ? "could be held now"
            : kind == "Rejected" ? $"could not be held now{codes}"
            : $"would be answered {kind} now";
        screen.MarkupLine($"[{style}]{symbol}[/] [bold]{answer["quantity"]} of {Markup.Escape(
            answer["poolId"]!.ToString())}[/] {Markup.Escape(said)}");
        foreach (var reason in reasons)
        {
            Fields.Write(screen, "because", OutcomeBlock.ReasonText(reason));
        }
        OutcomeBlock.WriteAdvice(screen, AdviceOf(answer));
        if (happened["expiresAt"] is { } expires)
        {
            Fields.Write(screen, "until", Words.Time(expires, clock));
        }
        var balances = outcome["balancesBefore"]!;
        Fields.Write(
            screen, "balances",
            $"free {balances["free"]}, held {balances["held"]}, confirmed {balances["confirmed"]}");
        OutcomeBlock.WriteSteps(screen, OutcomeJson.Steps(outcome["decision"]!.AsArray()));
        screen.MarkupLine("[dim]Nothing was held: this is what would have been decided.[/]");
    }

    private static Option<string?> Text(string name, string description, string help) =>
        new(name) { Description = description, HelpName = help };
}
