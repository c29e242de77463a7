using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Processors.Notation;
using Spectre.Console;

namespace Alloc.Cli.Commands.Pools;

/// <summary><c>alloc pool get POOL</c>: a pool as the ledger has it now.</summary>
internal static class PoolGetCommand
{
    private static readonly string[] Accounts = ["free", "held", "confirmed", "consumed", "blocked"];

    private static readonly (string Name, string Label, string What)[] Waiting =
    [
        ("waiters", "waiting", "in line for units"),
        ("parked", "parked", "commands that came before what they need"),
        ("approvals", "approvals", "commands that another person must approve"),
    ];

    public static Command Create() =>
        new Command("get", "Show a pool").Takes(PoolSupply.Pool, ClientOptions.Timeout).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        var pool = await console.GetAsync(
            $"v1/pools/{Uri.EscapeDataString(context.Get(PoolSupply.Pool))}", cancellation).ConfigureAwait(false);
        context.Screen.One(pool, screen => Write(screen, pool));
        return ExitCode.Ok;
    }

    /// <summary>The pool, for people.</summary>
    internal static void Write(IAnsiConsole screen, JsonNode pool)
    {
        var settings = pool["settings"]!;
        var kind = settings["kind"]!.ToString().ToLowerInvariant();
        screen.MarkupLine(
            $"[bold]{Markup.Escape(pool["poolId"]!.ToString())}[/]  {kind} of {Markup.Escape(Unit(settings))}");
        Fields.Write(screen, "available", Available(pool));
        Fields.Write(screen, "balances", string.Join(", ", Accounts.Select(a => $"{a} {pool["balances"]![a]}")));
        if (pool["deficit"]!.GetValue<long>() > 0)
        {
            Fields.Write(
                screen, "deficit", $"{pool["deficit"]}: promised beyond supply, nothing is granted until it is 0; "
                    + ShellLine.Of("alloc pool deficit", $"{pool["poolId"]}") + " shows what would cover it");
        }
        foreach (var (name, label, what) in Waiting)
        {
            if (pool[name]?.GetValue<long>() is > 0 and var count)
            {
                Fields.Write(screen, label, $"{count} {what}");
            }
        }
        foreach (var source in pool["sources"]?.AsArray() ?? [])
        {
            Fields.Write(screen, "source", $"{source!["source"]}: facts up to {source["highest"]}, count version "
                + $"{source["version"]?.ToString() ?? "-"}");
        }
        Fields.Write(screen, "sequence", $"{pool["sequence"]} outcomes, partition {pool["partition"]}");
    }

    /// <summary>One number where all classes can get as much; else what each can get, the highest class first.
    /// </summary>
    internal static string Available(JsonNode pool)
    {
        var classes = pool["availableTo"]?.AsArray() ?? [];
        var groups = classes.GroupBy(c => c!["available"]!.GetValue<long>()).ToList();
        return groups.Count < 2
            ? $"{pool["available"]}"
            : string.Join("; ", groups.Select(
                g => $"{g.Key} to {string.Join(", ", g.Select(c => c!["class"]!.ToString()))}"));
    }

    private static string Unit(JsonNode settings) =>
        settings["unit"]!.ToString() is { Length: > 0 } unit ? unit : "units (not configured)";
}
