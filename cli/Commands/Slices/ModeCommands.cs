using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Slices;

/// <summary>
/// <c>alloc mode set|get</c>: degraded modes. One that the operations catalogue has is switched by the backlog, which
/// would else switch it back; any other one at every partition of the ledger.
/// </summary>
internal static class ModeCommands
{
    private enum Switch
    {
        On,
        Off,
    }

    private static readonly Argument<string> Mode = new("mode")
    {
        Description = "The mode's name in the operations catalogue, or in the policy",
    };

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

    private static readonly Option<bool> Directly = new("--directly")
    {
        Description = "Command the ledger past the backlog, which is not told and may switch it back",
    };

    public static Command Create() => new Command("mode", "Degraded modes").With(
        new Command("set", "Switch a mode on or off: by the backlog, or at every partition of the ledger")
            .Takes(Mode, To, Reason, Cap, Pools, Classes, Directly).Acts().TalksToKafka().TalksToRegistry()
            .Runs(SetAsync),
        new Command("get", "Show how modes stand, by the backlog and by the ledger")
            .Takes(ClientOptions.Timeout).TalksToConsole().Runs(ModeScreens.GetAsync));

    private static async Task<int> SetAsync(CommandContext context, CancellationToken cancellation)
    {
        var catalogue = context.Get(Directly)
            ? null : await CatalogueAsync(context, cancellation).ConfigureAwait(false);
        if (catalogue?.Mode(context.Get(Mode)) is not { } row)
        {
            return await PartitionWrites.RunAsync(
                context,
                new AllocationCommandBody.ModeSwitch
                {
                    Mode = context.Get(Mode),
                    On = context.Get(To) == Switch.On,
                    CapMs = context.Get(Cap) is { } cap ? (long)cap.TotalMilliseconds : null,
                    Reason = context.Get(Reason),
                    Pools = context.Get(Pools),
                    Classes = context.Get(Classes),
                },
                cancellation).ConfigureAwait(false);
        }
        foreach (var option in new Option[] { Cap, Pools, Classes }.Where(context.IsGiven))
        {
            throw AllocException.Usage(
                $"{option.Name}: the operations catalogue has the mode {row.Id}, and its row says how far it goes.",
                "Leave it out; alloc catalogue apply changes the row, --directly commands the ledger past it.");
        }
        return await ModeScreens.SetAsync(
            context,
            new ModeRequest(
                row, catalogue.Version, context.Get(To) == Switch.On, Writes.ActorOf(context), context.Get(Reason)),
            cancellation).ConfigureAwait(false);
    }

    /// <summary>The catalogue in force; null: there is no topic of catalogues here.</summary>
    private static async Task<OperationsCatalogue?> CatalogueAsync(
        CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        var topic = new Catalogues.CatalogueTopic(settings, registry) { OnUnusable = context.Screen.Warn };
        try
        {
            var applied = await Task.Run(() => topic.Newest(cancellation), cancellation).ConfigureAwait(false);
            return applied?.Catalogue ?? OperationsCatalogue.Shipped;
        }
        catch (AllocException e) when (e.Kind == FailureKind.NotFound)
        {
            return null;
        }
    }
}
