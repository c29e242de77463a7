using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Slices;

/// <summary><c>alloc mode set|get</c>: degraded modes of the policy.</summary>
internal static class ModeCommands
{
    private enum Switch
    {
        On,
        Off,
    }

    private static readonly Argument<string> Mode = new("mode") { Description = "The mode's name in the policy" };

    private static readonly Option<Switch> To = Choice.Of<Option<Switch>, Switch>(
        new Option<Switch>("--to") { Description = "On or off", HelpName = "on|off", Required = true }, null);

    private static readonly Option<TimeSpan?> Cap = new("--cap")
    {
        Description = "How far it may go, for instance how much longer a hold lives; the policy's own if not given",
        CustomParser = Duration.ParseOptional,
        HelpName = "duration",
    };

    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why, for the record",
        HelpName = "text",
        Required = true,
    };

    private static readonly Option<string[]> Pools = new("--pools")
    {
        Description = "Pools that it acts on, a pattern; all of the mode's rows if not given; may be repeated",
        HelpName = "pattern",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string[]> Classes = new("--class")
    {
        Description = "A class that it acts on; all of the mode's rows if not given; may be repeated",
        HelpName = "class",
        DefaultValueFactory = _ => [],
    };

    public static Command Create() => new Command("mode", "Degraded modes").With(
        new Command("set", "Switch a mode on or off, at every partition").Takes(Mode, To, Cap, Pools, Classes, Reason)
            .AsksEveryPartition(context => new AllocationCommandBody.ModeSwitch
            {
                Mode = context.Get(Mode),
                On = context.Get(To) == Switch.On,
                CapMs = context.Get(Cap) is { } cap ? (long)cap.TotalMilliseconds : null,
                Reason = context.Get(Reason),
                Pools = context.Get(Pools),
                Classes = context.Get(Classes),
            }),
        new Command("get", "Show the modes that are on").Takes(ClientOptions.Timeout).TalksToConsole().Runs(GetAsync));

    private static async Task<int> GetAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = await PartitionSettingsReads.ReadAsync(context, cancellation).ConfigureAwait(false);
        context.Screen.Rows(
            PartitionSettingsReads.Gather(settings, "modes"),
            Column.Text("MODE", "mode"),
            Column.Text("SINCE", "since"),
            new Column("CAP", r => r["capMs"] is { } cap
                ? Duration.ShowMs(cap.GetValue<long>())
                : "-"),
            new Column("POOLS", r => Join(r, "pools")),
            new Column("CLASSES", r => Join(r, "classes")),
            Column.Text("PARTITIONS", "partitions"),
            Column.Text("REASON", "reason"));
        return PartitionSettingsReads.Finish(context, settings, "modes");
    }

    // None is all that the policy's rows are about.
    private static string Join(JsonObject mode, string names) =>
        mode[names] is JsonArray { Count: > 0 } some ? string.Join(", ", some.Select(n => n!.ToString())) : "-";
}
