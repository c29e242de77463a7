using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Projections;

/// <summary><c>alloc projection status</c>: how far searches are behind the journal.</summary>
internal static class ProjectionStatusCommand
{
    public static Command Create() =>
        new Command("status", "Show how far searches are behind the journal").Takes(ClientOptions.Timeout)
            .TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        var status = await console.GetAsync("v1/projection", cancellation).ConfigureAwait(false);
        var instances = status["instances"]!.AsArray().OfType<JsonObject>().ToList();
        var rows = instances.SelectMany(Rows).ToList();
        context.Screen.Rows(
            rows,
            Column.Text("INSTANCE", "instance"),
            Column.Number("GENERATION", "generation"),
            new Column("STATE", r => Column.Show(r["state"]))
            {
                Style = r => Column.Show(r["state"]) is "Running" ? null : "yellow",
            },
            Column.Number("PARTITION", "partition"),
            Column.Number("BEHIND", "lagRecords"),
            new Column("AGE", Age) { IsNumber = true });
        foreach (var instance in instances)
        {
            Remark(context, instance);
        }
        var missing = new Incomplete();
        missing.Add(status);
        missing.Warn(context);
        return instances.Any(i => i["failure"] is not null) ? ExitCode.Failure
            : missing.IsAny ? ExitCode.Unavailable
            : ExitCode.Ok;
    }

    private static IEnumerable<JsonObject> Rows(JsonObject instance)
    {
        var partitions = instance["partitions"]!.AsArray().OfType<JsonObject>().DefaultIfEmpty(new JsonObject());
        return partitions.Select(p => new JsonObject
        {
            ["instance"] = instance["instance"]?.DeepClone(),
            ["generation"] = instance["generation"]?.DeepClone(),
            ["state"] = instance["state"]?.DeepClone(),
            ["partition"] = p["partition"]?.DeepClone(),
            ["lagRecords"] = p["lagRecords"]?.DeepClone(),
            ["lagSeconds"] = p["lagSeconds"]?.DeepClone(),
            ["failure"] = instance["failure"]?.DeepClone(),
            ["rebuild"] = instance["rebuild"]?.DeepClone(),
            ["scopeRebuild"] = instance["scopeRebuild"]?.DeepClone(),
        });
    }

    private static string Age(JsonObject row) => row["lagSeconds"] is { } seconds
        ? Duration.Show(TimeSpan.FromSeconds(seconds.GetValue<double>()))
        : "-";

    private static void Remark(CommandContext context, JsonObject instance)
    {
        if (instance["failure"] is { } failure)
        {
            context.Screen.Warn($"{instance["instance"]}: it stopped: {failure}");
        }
        if (instance["scopeRebuild"] is JsonObject scope)
        {
            context.Screen.Warn(scope["phase"]!.GetValue<string>() switch
            {
                "Done" => $"{instance["instance"]}: {scope["scope"]} was "
                    + (scope["check"]!.GetValue<bool>() ? "compared" : "built anew") + ": "
                    + $"{scope["different"]} different, {scope["missing"]} missing, "
                    + $"{scope["superfluous"]} superfluous.",
                "Failed" or "Unknown" => $"{instance["instance"]}: {scope["scope"]} was given up: {scope["failure"]}",
                _ => $"{instance["instance"]}: {scope["scope"]} is being built anew, "
                    + $"{scope["read"]} of {scope["total"]} offsets.",
            });
        }
        if (instance["rebuild"] is JsonObject rebuild)
        {
            context.Screen.Warn(rebuild["failure"] is { } reason
                ? $"{instance["instance"]}: generation {rebuild["generation"]} was given up: {reason}"
                : $"{instance["instance"]}: generation {rebuild["generation"]} is being built, "
                    + $"{rebuild["folded"]} of {rebuild["total"]} offsets.");
        }
    }
}
