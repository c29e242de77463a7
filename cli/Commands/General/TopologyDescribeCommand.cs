using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Client.Outcomes;
using Alloc.Engine.Topology;
using Alloc.Processors.Allocation;
using Alloc.Processors.Backlog;
using Alloc.Processors.ByOrder;
using Alloc.Processors.Projection;
using Alloc.Processors.Reconciliation;
using Alloc.Processors.Shadow;
using Alloc.Processors.SupplyBridge;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Commands.General;

/// <summary>
/// <c>alloc topology describe</c>: the processors, stores and topics of each application that an instance runs, as text
/// or as a Mermaid diagram; and where an instance answers, up to when its sources are known and what holds that back.
/// </summary>
internal static class TopologyDescribeCommand
{
    private enum Form
    {
        Text,
        Mermaid,
    }

    private enum Part
    {
        All,
        Allocation,
        SupplyBridge,
        ByOrder,
        Backlog,
        Reconciliation,
        Projection,
        Shadow,
    }

    private static readonly Option<Form> As = Choice.Of<Option<Form>, Form>(
        new Option<Form>("--format") { Description = "How it is drawn" }, Form.Text);

    private static readonly Option<Part> Which = Choice.Of<Option<Part>, Part>(
        new Option<Part>("--application") { Description = "Which of the applications; Mermaid draws one" }, Part.All);

    public static Command Create() =>
        new Command("describe", "Show processors, stores and topics of every application")
            .Takes(As, Which, ClientOptions.Prefix).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var applications = Applications(context.Get(ClientOptions.Prefix));
        var which = context.Get(Which);
        if (which != Part.All)
        {
            applications = [.. applications.Where(a => a.Part == which)];
        }
        var watermarks = await LiveWatermarks.AskAsync(
            context, applications.Where(a => a.Topology.UsesWatermarks).Select(a => Choice.Word(a.Part)), cancellation)
            .ConfigureAwait(false);
        if (!context.Screen.IsTable)
        {
            context.Screen.One(Json(applications, context.Get(As), watermarks), _ => { });
        }
        else if (context.Get(As) == Form.Mermaid)
        {
            context.Screen.Verbatim(applications[0].Topology.DescribeMermaid().TrimEnd());
            if (which == Part.All)
            {
                context.Screen.Warn("This is allocation; --application draws the others.");
            }
        }
        else
        {
            context.Screen.Verbatim(string.Join(
                "\n\n", applications.Select(a => Text(a) + watermarks.Text(Choice.Word(a.Part)))));
        }
        return ExitCode.Ok;
    }

    private static List<Described> Applications(string prefix)
    {
        var catalogue = TopicCatalogue.Load().WithPrefix(prefix);
        var options = AllocationOptions.For(catalogue, prefix);
        var shadow = options.ForShadow(catalogue[prefix + TopicNames.ShadowOutcomes].Name);
        var registry = new InMemorySchemaRegistryClient();
        var serdes = new AllocationSerdes(registry, options);
        var supply = SupplyBridgeOptions.For(catalogue, prefix);
        var byOrder = ByOrderOptions.For(catalogue, prefix);
        var backlog = BacklogOptions.For(catalogue, prefix);
        var reconciliation = ReconciliationOptions.For(catalogue, prefix);
        return
        [
            new Described(Part.Allocation, "<application id>", "decides", AllocationTopology.Build(options, serdes)),
            new Described(
                Part.SupplyBridge, "<application id>-supply-bridge", "makes commands of the facts of warehouses",
                SupplyBridgeTopology.Build(supply, new SupplyBridgeSerdes(registry, supply))),
            new Described(
                Part.ByOrder, "<application id>-by-order", "gathers what was decided by order",
                ByOrderTopology.Build(byOrder, new ByOrderSerdes(registry, byOrder))),
            new Described(
                Part.Backlog, "<application id>-backlog", "measures what waits",
                BacklogTopology.Build(backlog, new BacklogSerdes(registry, backlog))),
            new Described(
                Part.Reconciliation, "<application id>-reconciliation", "finds where records of one truth disagree",
                ReconciliationTopology.Build(reconciliation, new ReconciliationSerdes(registry, reconciliation))),
            new Described(
                Part.Projection, "<application id>-projection", "answers searches; not with --no-projection",
                ProjectionTopology.Build(
                    new ProjectionOptions { OutcomeTopic = options.OutcomeTopic }, serdes.Outcomes)),
            new Described(
                Part.Shadow, "<application id>-shadow", "decides what another system decides; only with --shadow",
                ShadowTopology.Build(
                    shadow, new AllocationSerdes(registry, shadow))),
        ];
    }

    private static string Text(Described application) =>
        $"Application: {application.Id} ({application.Purpose})\n"
        + (application.Changelogs.Count == 0 ? "" : $"Changelogs: {string.Join(", ", application.Changelogs)}\n")
        + application.Topology.Describe().TrimEnd();

    private static JsonObject Json(List<Described> applications, Form form, LiveWatermarks watermarks)
    {
        var json = Json(applications[0], form, watermarks);
        json["applications"] = new JsonArray([.. applications.Select(a => (JsonNode)Json(a, form, watermarks))]);
        return json;
    }

    private static JsonObject Json(Described application, Form form, LiveWatermarks watermarks) => new()
    {
        ["application"] = Choice.Word(application.Part),
        ["id"] = application.Id,
        ["fingerprint"] = application.Topology.Fingerprint,
        ["sourceTopics"] = Array(application.Topology.SourceTopics),
        ["sinkTopics"] = Array(application.Topology.SubTopologies.SelectMany(s => s.Sinks).Select(s => s.Topic)
            .Distinct()),
        ["stores"] = Array(application.Topology.SubTopologies.SelectMany(s => s.Stores).Select(s => s.Name)),
        ["changelogs"] = Array(application.Changelogs),
        ["watermarks"] = watermarks.Json(Choice.Word(application.Part)),
        ["description"] = (form == Form.Mermaid
            ? application.Topology.DescribeMermaid() : application.Topology.Describe()).TrimEnd(),
    };

    private static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);

    private sealed record Described(Part Part, string Id, string Purpose, Topology Topology)
    {
        /// <summary>Topics that stores are restored from, where that is not the journal.</summary>
        public IReadOnlyList<string> Changelogs { get; } =
        [
            .. Topology.SubTopologies.SelectMany(s => s.ChangelogStores).Select(d => $"{Id}-{d.Name}-changelog"),
        ];
    }
}
