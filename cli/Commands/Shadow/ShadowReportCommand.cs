using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Catalogues;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Shadow.Differences;
using Confluent.SchemaRegistry;

namespace Alloc.Cli.Commands.Shadow;

/// <summary>
/// <c>alloc shadow report</c>: what the shadow decided, how that compares with what the log knows, and why it differs.
/// </summary>
internal static class ShadowReportCommand
{
    private static readonly Option<string> Pool = new("--pool")
    {
        Description = "Only pools that begin so",
        DefaultValueFactory = _ => "",
        HelpName = "prefix",
    };

    private static readonly Option<int> Examples = new Option<int>("--examples", "-n")
    {
        Description = "How many differences to show",
        DefaultValueFactory = _ => 10,
        HelpName = "count",
    }.Within(0);

    private static readonly Option<int> Propose = new Option<int>("--propose-from")
    {
        Description = "How many unclassified differences must share what they are for a rule to be proposed",
        DefaultValueFactory = _ => 5,
        HelpName = "count",
    }.Within(2);

    public static Command Create() =>
        new Command("report", "Compare what the shadow decided with what the log has of the other system")
            .Takes(Pool, Examples, Propose).TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        var catalogue = await Task.Run(() => InForce(context, settings, registry, cancellation), cancellation)
            .ConfigureAwait(false);
        var progress = new ProgressLine(context.Host, "records");
        using var journals = new ShadowJournals(settings, registry)
        {
            OnProgress = (what, done, total) => progress.Show(what, done, total),
        };
        var comparison = new ShadowComparison(new ShadowComparisonOptions
        {
            ExampleCount = context.Get(Examples),
            HasAllPools = context.Get(Pool).Length == 0,
            Rules = () => catalogue.ShadowRules,
        });
        try
        {
            await Task.Run(
                () => journals.Compare(context.Get(Pool), comparison, cancellation), CancellationToken.None)
                .ConfigureAwait(false);
        }
        finally
        {
            progress.Clear();
        }
        if (comparison.Decided == 0)
        {
            context.Screen.Warn(
                "The shadow decided nothing here. It needs an instance with --shadow, and a slice in mode shadow.");
        }
        var report = ShadowReport.Json(
            context.Get(Pool), catalogue.Version, comparison, comparison.Candidates(context.Get(Propose)));
        context.Screen.One(report, console => ShadowReport.Show(context, console, report));
        return ExitCode.Ok;
    }

    private static OperationsCatalogue InForce(
        CommandContext context, AllocClientOptions settings, ISchemaRegistryClient registry,
        CancellationToken cancellation)
    {
        try
        {
            return new CatalogueTopic(settings, registry) { OnUnusable = context.Screen.Warn }
                .Newest(cancellation)?.Catalogue ?? OperationsCatalogue.Shipped;
        }
        catch (AllocException e) when (e.Kind == FailureKind.NotFound)
        {
            // Where there is no topic of catalogues, nobody has applied one.
            return OperationsCatalogue.Shipped;
        }
    }
}
