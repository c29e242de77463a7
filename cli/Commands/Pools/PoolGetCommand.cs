using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Spectre.Console;

namespace Alloc.Cli.Commands.Pools;

/// <summary><c>alloc pool get POOL</c>: a pool as the ledger has it now.</summary>
internal static class PoolGetCommand
{
    private static readonly string[] Accounts = ["free", "held", "confirmed", "consumed", "blocked"];

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

    private static void Write(IAnsiConsole screen, JsonNode pool)
    {
        var settings = pool["settings"]!;
        var kind = settings["kind"]!.ToString().ToLowerInvariant();
        screen.MarkupLine(
            $"[bold]{Markup.Escape(pool["poolId"]!.ToString())}[/]  {kind} of {Markup.Escape(Unit(settings))}");
        Fields.Write(screen, "available", $"{pool["available"]}");
        Fields.Write(screen, "balances", string.Join(", ", Accounts.Select(a => $"{a} {pool["balances"]![a]}")));
        if (pool["deficit"]!.GetValue<long>() > 0)
        {
            Fields.Write(
                screen, "deficit", $"{pool["deficit"]}: promised beyond supply, nothing is granted until it is 0; "
                    + $"alloc pool deficit {pool["poolId"]} shows what would cover it");
        }
        foreach (var source in pool["sources"]?.AsArray() ?? [])
        {
            Fields.Write(screen, "source", $"{source!["source"]}: facts up to {source["highest"]}, count version "
                + $"{source["version"]?.ToString() ?? "-"}");
        }
        Fields.Write(screen, "sequence", $"{pool["sequence"]} outcomes, partition {pool["partition"]}");
    }

    private static string Unit(JsonNode settings) =>
        settings["unit"]!.ToString() is { Length: > 0 } unit ? unit : "units (not configured)";
}
