using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Documents;
using Confluent.SchemaRegistry;
using Spectre.Console;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary>
/// <c>alloc catalogue apply FILE</c>: puts a catalogue into force in every partition of stages. What is wrong is
/// refused before anything is written, and so is what was not written upon the last version.
/// </summary>
internal static class CatalogueApplyCommand
{
    private const int MaximumReasonLength = 500;

    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Check it against what is in force, and write nothing",
    };

    private static readonly Option<int?> Base = new("--base")
    {
        Description = "Only if this version was the last",
        HelpName = "number",
    };

    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why, for the record",
        HelpName = "text",
        Required = true,
    };

    public static Command Create() =>
        new Command("apply", "Put a catalogue into force in every partition")
            .Takes(CatalogueFile.Argument, Reason, DryRun, Base, Consent.Yes).NamesActor()
            .TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        Consent.CheckPossible(context, "apply", context.Get(DryRun));
        CheckReason(context.Get(Reason));
        var file = CatalogueFile.Read(context);
        if (!file.IsValid(context, file.Parse()))
        {
            return ExitCode.Failure;
        }
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        var topic = new CatalogueTopic(settings, registry) { OnUnusable = context.Screen.Warn };
        var known = await Task.Run(() => topic.Read(cancellation), cancellation).ConfigureAwait(false);
        var before = known.Count > 0 ? known[^1] : null;
        var reading = file.Parse(before?.Catalogue ?? OperationsCatalogue.Shipped);
        var catalogue = reading.Catalogue!;
        var isRepeat = before?.Catalogue == catalogue;
        if (!isRepeat)
        {
            CheckBase(context, catalogue, known);
        }
        var policy = await UndoneModes.PolicyAsync(context, settings, registry, cancellation).ConfigureAwait(false);
        var plan = new CataloguePlan(catalogue, before, isRepeat, CatalogueFanOut.Partitions(settings))
        {
            UndoneModes = UndoneModes.Warn(context, catalogue, policy),
        };
        if (context.Get(DryRun))
        {
            context.Screen.One(plan.Json(isDryRun: true), console =>
            {
                file.Show(console, reading);
                console.MarkupLine(Markup.Escape(plan.Describe()));
                CatalogueScreens.Changes(context, plan.Last, plan.Changes);
            });
            return ExitCode.Ok;
        }
        if (!Consent.IsGiven(context, $"{plan.Describe()} Apply?"))
        {
            context.Screen.Warn("Nothing was applied.");
            return ExitCode.Failure;
        }
        await WriteAsync(context, settings, topic, registry, plan, cancellation).ConfigureAwait(false);
        context.Screen.One(plan.Json(isDryRun: false), console =>
        {
            console.MarkupLine(
                $"[green]Version {catalogue.Version} is in force[/] in {plan.PartitionCount} partitions.");
            CatalogueScreens.Changes(context, plan.Last, plan.Changes);
        });
        return ExitCode.Ok;
    }

    private static async Task WriteAsync(
        CommandContext context, AllocClientOptions settings, CatalogueTopic topic, ISchemaRegistryClient registry,
        CataloguePlan plan, CancellationToken cancellation)
    {
        using var fanOut = new CatalogueFanOut(settings, topic, registry);
        await fanOut.BeginAsync(cancellation).ConfigureAwait(false);

        // Nobody else can write from here on: what was looked at before is looked at once more.
        var now = await Task.Run(() => topic.Newest(cancellation), cancellation).ConfigureAwait(false);
        if (now?.Record != plan.Before?.Record)
        {
            throw AllocException.Failed(
                $"Version {now?.Record.Version} was applied in the meantime by {now?.Record.AppliedBy}; nothing of "
                + $"this was written. It changed: {CatalogueScreens.Sentence(Changed(plan.Before, now))}.",
                "alloc catalogue get shows it; write the next version upon it.");
        }
        var record = plan.IsRepeat ? plan.Before!.Record : CatalogueRecords.InForce(
            plan.Catalogue, plan.Replaces, context.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            Writes.ActorOf(context), context.Get(Reason));
        await fanOut.CommitAsync(record, isNew: !plan.IsRepeat, cancellation).ConfigureAwait(false);
    }

    private static void CheckReason(string reason)
    {
        if (reason.Length > MaximumReasonLength)
        {
            throw AllocException.Usage(
                $"--reason has {reason.Length} characters; it may have {MaximumReasonLength}.",
                "Say in a sentence why the catalogue changes.");
        }
    }

    /// <summary>Refuses what was not written upon the last version, and says what that one changed.</summary>
    private static void CheckBase(
        CommandContext context, OperationsCatalogue catalogue, IReadOnlyList<AppliedCatalogue> known)
    {
        var last = known.Count > 0 ? known[^1] : null;
        var version = last?.Record.Version ?? OperationsCatalogue.Shipped.Version;
        var problem = (context.Get(Base), catalogue.Version) switch
        {
            ({ } wanted, _) when wanted != version =>
                $"Version {version} was applied last, not --base {wanted}; nothing was applied.",
            (_, 0) => "Version 0 is the one that is shipped; nothing was applied.",
            (_, var given) when given == version =>
                $"Version {version} is there already with other content; nothing was applied.",
            (_, var given) when given < version =>
                $"Version {version} was applied last, and {given} is older; nothing was applied.",
            _ => null,
        };
        if (problem is null)
        {
            return;
        }
        if (last is not null)
        {
            var basis = known.LastOrDefault(applied => applied.Record.Version == last.Record.Base);
            var changed = basis is null && last.Record.Base != OperationsCatalogue.Shipped.Version
                ? "" : $" It changed: {CatalogueScreens.Sentence(Changed(basis, last))}.";
            problem += $" {last.Record.AppliedBy} applied it: {last.Record.Reason.TrimEnd('.')}.{changed}";
        }
        throw AllocException.Failed(
            problem, $"alloc catalogue get shows it; write version: {version + 1} upon it.");
    }

    private static IReadOnlyList<DocumentChange> Changed(AppliedCatalogue? was, AppliedCatalogue? now) =>
        CatalogueDifferences.Between(
            was?.Catalogue ?? OperationsCatalogue.Shipped, now?.Catalogue ?? OperationsCatalogue.Shipped);
}

/// <summary>What an apply does.</summary>
/// <param name="Catalogue">The catalogue.</param>
/// <param name="Before">The one that was applied last; null: none.</param>
/// <param name="IsRepeat">It was applied already; every partition gets its copy again.</param>
/// <param name="PartitionCount">Partitions of stages.</param>
internal sealed record CataloguePlan(
    OperationsCatalogue Catalogue, AppliedCatalogue? Before, bool IsRepeat, int PartitionCount)
{
    /// <summary>The version that was applied last.</summary>
    public int Last => Before?.Record.Version ?? OperationsCatalogue.Shipped.Version;

    /// <summary>The version that it replaces, or replaced.</summary>
    public int Replaces => IsRepeat ? Before!.Record.Base : Last;

    public IReadOnlyList<DocumentChange> Changes { get; } =
        CatalogueDifferences.Between(Before?.Catalogue ?? OperationsCatalogue.Shipped, Catalogue);

    /// <summary>Its modes that the policy in force does not allow, as data.</summary>
    public JsonArray UndoneModes { get; init; } = [];

    public string Describe() => IsRepeat
        ? $"Version {Catalogue.Version} was applied already; each of {PartitionCount} partitions gets it again."
        : $"Version {Catalogue.Version} replaces version {Replaces} in {PartitionCount} partitions.";

    public JsonObject Json(bool isDryRun) => new()
    {
        ["version"] = Catalogue.Version,
        ["contentHash"] = CatalogueDocument.HashOf(Catalogue),
        ["base"] = Replaces,
        ["dryRun"] = isDryRun,
        ["partitions"] = PartitionCount,
        ["changes"] = CatalogueScreens.Json(Changes),
        ["undoneModes"] = UndoneModes.DeepClone(),
    };
}
