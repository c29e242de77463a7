using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Host.Lag;

namespace Alloc.Cli.Kafka;

/// <summary>
/// Looks at groups from here, as an instance does: whoever runs, what waits beyond an open transaction, and in
/// partitions that nobody has, waits too.
/// </summary>
internal static class GroupLooks
{
    private static readonly TimeSpan ConsoleTimeout = TimeSpan.FromSeconds(3);

    /// <summary>A watch over every topic but Kafka's own.</summary>
    /// <param name="settings">How Kafka is reached.</param>
    /// <param name="time">What tells the time.</param>
    /// <param name="group">The only group; null for all, on topics or not.</param>
    /// <param name="interval">From one look to the next.</param>
    public static LagWatch Watch(
        AllocClientOptions settings, TimeProvider time, string? group = null, TimeSpan? interval = null) =>
        new(
            new LagWatchOptions
            {
                Client = settings,
                WatchesTopic = topic => !topic.StartsWith("__", StringComparison.Ordinal),
                Group = group,
                KeepsAll = true,
                Interval = interval ?? TimeSpan.FromSeconds(2),
            },
            time);

    /// <summary>Looks, and again where a transaction stands open: whose it is is asked at the second look.</summary>
    /// <exception cref="AllocException">Kafka tells nothing.</exception>
    public static LagReport Look(LagWatch watch)
    {
        watch.Look();
        if (watch.Report.Open.Any(o => o.Transaction is null))
        {
            watch.Look();
        }
        return watch.Report is { AtMs: 0, Groups.Count: 0, Problem: { } problem }
            ? throw AllocException.Unavailable(problem, "The rights to list and describe groups may be missing.")
            : watch.Report;
    }

    /// <summary>
    /// How groups fare, by an instance that has watched them for a while; null where none answers. A single look cannot
    /// tell.
    /// </summary>
    public static async Task<FaringGroups?> FaringAsync(CommandContext context, CancellationToken cancellation)
    {
        try
        {
            using var console = JsonHttp.Console(context, ConsoleTimeout);
            return new FaringGroups(await console.GetAsync("v1/groups", cancellation).ConfigureAwait(false));
        }
        catch (AllocException silent)
        {
            context.Screen.Note(
                $"How groups fare is told by an instance that watches them (--console): {silent.Message} "
                + "--watch finds it out here.");
            return null;
        }
    }
}

/// <summary>How groups fare, as an instance says.</summary>
internal sealed class FaringGroups(JsonNode report)
{
    private readonly Dictionary<string, JsonObject> groups =
        (report["groups"] as JsonArray ?? []).OfType<JsonObject>()
            .DistinctBy(g => $"{g["group"]}").ToDictionary(g => $"{g["group"]}", StringComparer.Ordinal);

    /// <summary>The worst of a group's partitions; null where it is not known.</summary>
    public string? Of(string group) => Known(groups.GetValueOrDefault(group)?["status"]);

    /// <summary>One partition; null where it is not known.</summary>
    public string? Of(string group, string topic, int partition) => Known(
        (groups.GetValueOrDefault(group)?["partitions"] as JsonArray ?? []).FirstOrDefault(p =>
            $"{p?["topic"]}" == topic && (int?)p?["partition"] == partition)?["status"]);

    private static string? Known(JsonNode? status) => status?.ToString() is { } word and not "unknown" ? word : null;
}
