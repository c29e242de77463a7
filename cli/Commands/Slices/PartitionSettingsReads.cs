using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.Slices;

/// <summary>Reads what was set for whole partitions, and says where partitions differ.</summary>
internal static class PartitionSettingsReads
{
    public static async Task<JsonNode> ReadAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        return await console.GetAsync("v1/settings", cancellation).ConfigureAwait(false);
    }

    /// <summary>Equal settings of several partitions are one row, with the partitions that have it.</summary>
    public static List<JsonObject> Gather(JsonNode settings, string member) =>
        [.. settings["partitions"]!.AsArray().OfType<JsonObject>()
            .SelectMany(p => p[member]!.AsArray().OfType<JsonObject>().Select(s => (Partition: p["partition"]!, s)))
            .GroupBy(e => Key(e.s), StringComparer.Ordinal)
            .Select(same =>
            {
                var row = (JsonObject)same.First().s.DeepClone();
                row["partitions"] = new JsonArray([.. same.Select(e => e.Partition.DeepClone())]);
                return row;
            })];

    /// <summary>Warns where partitions differ or are missing; the exit code.</summary>
    public static int Finish(CommandContext context, JsonNode settings, string member)
    {
        var count = settings["partitions"]!.AsArray().Count;
        if (Gather(settings, member).Any(r => r["partitions"]!.AsArray().Count < count))
        {
            context.Screen.Warn("Partitions differ: the command did not reach all of them. Run it again to finish it.");
        }
        var missing = new Incomplete();
        missing.Add(settings);
        missing.Warn(context);
        return missing.IsAny ? ExitCode.Unavailable : ExitCode.Ok;
    }

    /// <summary>When it was switched differs from partition to partition, and makes no difference.</summary>
    private static string Key(JsonObject setting)
    {
        var copy = (JsonObject)setting.DeepClone();
        copy.Remove("since");
        return copy.ToJsonString();
    }
}
