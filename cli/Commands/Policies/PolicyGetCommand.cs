using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Allocation.Policy;
using Alloc.Web.Json;
using Confluent.SchemaRegistry;
using Spectre.Console;

namespace Alloc.Cli.Commands.Policies;

/// <summary><c>alloc policy get</c>: the policy that was applied last, and where each partition is with it.</summary>
internal static class PolicyGetCommand
{
    private static readonly Option<int?> Version = new("--version")
    {
        Description = "Another version than the last one; those that the topic still has",
        HelpName = "number",
    };

    private static readonly Option<bool> Document = new("--document")
    {
        Description = "Print the document alone, to be edited",
    };

    public static Command Create() =>
        new Command("get", "Show the policy in force, and in which partitions").Takes(Version, Document)
            .TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        var topic = new PolicyTopic(settings, registry) { OnUnusable = context.Screen.Warn };
        var known = await Task.Run(() => topic.Read(cancellation), cancellation).ConfigureAwait(false);
        var applied = Wanted(known, context.Get(Version));
        var policy = applied?.Policy ?? PolicyVersions.Version0;
        if (context.Get(Document))
        {
            context.Screen.Verbatim(JsonText.Pretty(JsonNode.Parse(PolicyDocument.Write(policy))!));
            return ExitCode.Ok;
        }
        var answers = applied is null || applied != known[^1]
            ? []
            : await AnswersAsync(context, settings, registry, applied, cancellation).ConfigureAwait(false);
        context.Screen.One(Json(applied, policy, answers), console => Show(context, console, applied, policy, answers));
        return answers.All(answer => answer.HasIt) ? ExitCode.Ok : ExitCode.Mismatch;
    }

    private static AppliedPolicy? Wanted(IReadOnlyList<AppliedPolicy> known, int? version)
    {
        if (version is null)
        {
            return known.Count > 0 ? known[^1] : null;
        }
        return version == 0 ? null : known.LastOrDefault(applied => applied.Record.Version == version)
            ?? throw AllocException.NotFound(
                $"There is no policy of version {version} any more.",
                known.Count > 0 ? $"The last is {known[^1].Record.Version}." : "Version 0 is in force.");
    }

    private static async Task<IReadOnlyList<PartitionAnswer>> AnswersAsync(
        CommandContext context, AllocClientOptions settings, ISchemaRegistryClient registry,
        AppliedPolicy applied, CancellationToken cancellation)
    {
        using var answers = new PolicyAnswers(settings, registry);
        return await answers.ReadAsync(context.Host, applied, cancellation).ConfigureAwait(false);
    }

    private static JsonObject Json(
        AppliedPolicy? applied, AllocationPolicy policy, IReadOnlyList<PartitionAnswer> answers) => new()
        {
            ["version"] = policy.Version,
            ["contentHash"] = PolicyDocument.HashOf(policy),
            ["effectiveAt"] = applied is null ? null : AvroJson.Time(applied.Record.EffectiveAtMs),
            ["base"] = applied?.Record.Base,
            ["document"] = JsonNode.Parse(PolicyDocument.Write(policy)),
            ["partitions"] = new JsonArray([.. answers.Select(answer => (JsonNode)answer.Json())]),
        };

    private static void Show(
        CommandContext context, IAnsiConsole console, AppliedPolicy? applied, AllocationPolicy policy,
        IReadOnlyList<PartitionAnswer> answers)
    {
        console.MarkupLine(
            $"[bold]version {policy.Version}[/]  {policy.Classes.Count} classes: "
            + Markup.Escape(string.Join(" > ", policy.Classes)));
        Fields.Write(console, "hash", PolicyDocument.HashOf(policy));
        if (applied is null)
        {
            Fields.Write(console, "since", "shipped; in force in every partition until another is applied");
            return;
        }
        Fields.Write(console, "effective", Words.Time(applied.Record.EffectiveAtMs, context.Time));
        Fields.Write(console, "replaces", $"version {applied.Record.Base}");
        if (answers.Count == 0)
        {
            return;
        }
        PolicyScreens.Answers(context, answers);
        if (answers.Any(answer => !answer.HasIt))
        {
            context.Screen.Warn(
                "Some partitions have not taken it: there the version before is in force. "
                + "alloc policy apply with the same file finishes it.");
        }
    }
}
