using System.CommandLine;
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

    public static Command Create() => new Command("mode", "Degraded modes").With(
        new Command("set", "Switch a mode on or off, at every partition").Takes(Mode, To, Cap, Reason)
            .AsksEveryPartition(context => new AllocationCommandBody.ModeSwitch
            {
                Mode = context.Get(Mode),
                On = context.Get(To) == Switch.On,
                CapMs = context.Get(Cap) is { } cap ? (long)cap.TotalMilliseconds : null,
                Reason = context.Get(Reason),
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
            Column.Text("PARTITIONS", "partitions"),
            Column.Text("REASON", "reason"));
        return PartitionSettingsReads.Finish(context, settings, "modes");
    }
}
