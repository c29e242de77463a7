using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Kafka;
using Alloc.Cli.Output;
using Alloc.Host.Lag;

namespace Alloc.Cli.Commands.Groups;

/// <summary>What both commands about groups have: <c>--watch</c>, and how rows are shown.</summary>
internal static class GroupWatching
{
    public static readonly Option<bool> Watch = new("--watch", "-w")
    {
        Description = "Look again and again, until Ctrl-C; after a minute it is known how groups fare",
    };

    public static readonly Option<TimeSpan> Interval = new("--interval")
    {
        Description = "How long from one look to the next with --watch, 2s if not given",
        HelpName = "duration",
        CustomParser = Duration.Between(TimeSpan.FromMilliseconds(200), TimeSpan.FromHours(1)),
        DefaultValueFactory = _ => TimeSpan.FromSeconds(2),
    };

    /// <summary>The age of what waits; "-" where nothing does, "?" where it is not known.</summary>
    public static Column Age { get; } = new("AGE", row => row["ageSeconds"]?.GetValue<double>() is not { } seconds
        ? "?"
        : row["lag"]!.GetValue<long>() == 0 && seconds == 0 ? "-" : Duration.Show(TimeSpan.FromSeconds(seconds)))
    {
        IsNumber = true,
    };

    /// <summary>How it fares, in colour where it fares ill.</summary>
    public static Column Status { get; } = new("STATUS", row => Column.Show(row["status"]))
    {
        Style = row => row["status"]?.ToString() switch
        {
            "ok" => "green",
            "warn" => "yellow",
            "rewind" or "stall" or "stop" => "red",
            _ => "dim",
        },
    };

    /// <summary>Shows once, or again and again.</summary>
    /// <param name="context">The command's context.</param>
    /// <param name="group">The only group, or null.</param>
    /// <param name="show">Shows one look; how groups fare where an instance said so.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<int> RunAsync(
        CommandContext context, string? group, Action<LagReport, FaringGroups?> show, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        await new Client.Kafka.KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        var interval = context.Get(Interval);
        using var watch = GroupLooks.Watch(settings, context.Time, group, interval);
        if (!context.Get(Watch))
        {
            var faring = GroupLooks.FaringAsync(context, cancellation);
            var report = GroupLooks.Look(watch);
            show(report, await faring.ConfigureAwait(false));
            Warn(context, report);
            return ExitCode.Ok;
        }
        return await Watching.RunAsync(
            context, interval,
            _ =>
            {
                var report = GroupLooks.Look(watch);
                if (context.Screen.IsTable)
                {
                    context.Screen.Verbatim(context.Time.GetLocalNow().ToString("T", CultureInfo.InvariantCulture));
                }
                show(report, null);
                Warn(context, report);
                return Task.CompletedTask;
            },
            cancellation).ConfigureAwait(false);
    }

    /// <summary>A row with its status: an instance's word where it has one, else what was found out here.</summary>
    public static JsonObject WithStatus(JsonObject row, string? faring)
    {
        var here = row["status"]?.ToString();
        row["status"] = here is null or "unknown" ? faring : here;
        return row;
    }

    private static void Warn(CommandContext context, LagReport report)
    {
        if (report.Problem is { } problem)
        {
            context.Screen.Warn(problem);
        }
        foreach (var group in report.Groups.Where(g => g.Problem is not null))
        {
            context.Screen.Warn($"{group.Name}: {group.Problem}");
        }
    }
}
