using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Pools;

/// <summary>
/// <c>alloc pool deficit [POOL]</c>: pools that promised more than there is, or the reservations that would cover one,
/// in the order in which the policy would let them expire.
/// </summary>
internal static class PoolDeficitCommand
{
    private const int ByDefault = 100;
    private const int Most = 1_000;

    private static readonly Argument<string?> Pool = new("pool")
    {
        Description = "The pool; all that promised too much when left out",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<int> Limit = new Option<int>("--limit", "-n")
    {
        Description = $"How many at most, up to {Most}",
        DefaultValueFactory = _ => ByDefault,
        HelpName = "count",
    }.Within(1, Most);

    public static Command Create() =>
        new Command("deficit", "Show what was promised beyond supply, and what would cover it")
            .Takes(Pool, Limit, ClientOptions.Timeout).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        return context.Get(Pool) is { } pool
            ? await OneAsync(context, console, pool, cancellation).ConfigureAwait(false)
            : await AllAsync(context, console, cancellation).ConfigureAwait(false);
    }

    private static async Task<int> AllAsync(CommandContext context, JsonHttp console, CancellationToken cancellation)
    {
        var limit = context.Get(Limit).ToString(CultureInfo.InvariantCulture);
        var page = await console.GetAsync($"v1/pools?deficit=true&limit={limit}", cancellation).ConfigureAwait(false);
        var rows = page["pools"]!.AsArray().Select(p => new JsonObject
        {
            ["poolId"] = p!["poolId"]!.DeepClone(),
            ["deficit"] = p["deficit"]!.DeepClone(),
            ["free"] = p["balances"]!["free"]!.DeepClone(),
            ["held"] = p["balances"]!["held"]!.DeepClone(),
            ["confirmed"] = p["balances"]!["confirmed"]!.DeepClone(),
        }).ToList();
        var missing = new Incomplete();
        missing.Add(page);
        missing.Warn(context);
        context.Screen.Rows(
            rows,
            Column.Text("POOL", "poolId"),
            Column.Number("DEFICIT", "deficit") with { Style = _ => "red" },
            Column.Number("FREE", "free"),
            Column.Number("HELD", "held"),
            Column.Number("CONFIRMED", "confirmed"));
        if (page["next"] is not null)
        {
            context.Screen.Warn($"There are more than the {rows.Count} shown; --limit shows more.");
        }
        return missing.IsAny ? ExitCode.Unavailable : ExitCode.Ok;
    }

    private static async Task<int> OneAsync(
        CommandContext context, JsonHttp console, string pool, CancellationToken cancellation)
    {
        var limit = context.Get(Limit).ToString(CultureInfo.InvariantCulture);
        var cover = await console.GetAsync(
            $"v1/pools/{Uri.EscapeDataString(pool)}/deficit?limit={limit}", cancellation).ConfigureAwait(false);
        if (!context.Screen.IsTable)
        {
            context.Screen.One(cover, _ => { });
            return ExitCode.Ok;
        }
        var deficit = cover["deficit"]!.GetValue<long>();
        Fields.Write(context.Screen.Data, "deficit", deficit == 0 ? "0: everything promised is there" : $"{deficit}");
        if (deficit == 0)
        {
            return ExitCode.Ok;
        }
        Fields.Write(context.Screen.Data, "policy", Policy(cover["action"]!.ToString()));
        Fields.Write(
            context.Screen.Data, "sum",
            $"{cover["sum"]} of the reservations below"
                + (cover["covers"]!.GetValue<bool>() ? "" : ": not enough; more supply, or a higher --limit"));
        context.Screen.Rows(
            [.. cover["reservations"]!.AsArray().Select(r => (JsonObject)r!)],
            Column.Text("RESERVATION", "reservationId"),
            Column.Number("HELD", "held"),
            Column.Number("CONFIRMED", "confirmed"),
            Column.Text("CLASS", "class"),
            Column.Text("HELD AT", "heldAt"),
            Column.Text("EXPIRES", "expiresAt"),
            Column.Text("CUSTOMER", "customerRef"),
            Column.Text("ORDER", "orderRef"));
        context.Screen.Note(
            "Held units: alloc reservation release. Confirmed: alloc reservation force-release, and an approval.");
        return ExitCode.Ok;
    }

    private static string Policy(string action) => action switch
    {
        "ExpireNewestHeld" => "the newest holds expire by themselves, in this order; confirmed units never do",
        "None" => "nothing happens by itself",
        _ => "an operator decides: this is the order in which the newest holds would expire",
    };
}
