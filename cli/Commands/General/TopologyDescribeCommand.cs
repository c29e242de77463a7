using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Processors.Allocation;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Commands.General;

/// <summary>
/// <c>alloc topology describe</c>: the processors, stores and topics, as text or as a Mermaid diagram.
/// </summary>
internal static class TopologyDescribeCommand
{
    private enum Form
    {
        Text,
        Mermaid,
    }

    private static readonly Option<Form> As = Choice.Of<Option<Form>, Form>(
        new Option<Form>("--format") { Description = "How it is drawn" }, Form.Text);

    public static Command Create() =>
        new Command("describe", "Show processors, stores and topics").Takes(As, ClientOptions.Prefix).Runs(Run);

    private static int Run(CommandContext context)
    {
        var prefix = context.Get(ClientOptions.Prefix);
        var options = AllocationOptions.For(TopicCatalogue.Load().WithPrefix(prefix), prefix);
        var topology = AllocationTopology.Build(
            options, new AllocationSerdes(new InMemorySchemaRegistryClient(), options));
        var text = (context.Get(As) == Form.Mermaid ? topology.DescribeMermaid() : topology.Describe()).TrimEnd();
        if (context.Screen.IsTable)
        {
            context.Screen.Verbatim(text);
            return ExitCode.Ok;
        }
        context.Screen.One(
            new JsonObject
            {
                ["fingerprint"] = topology.Fingerprint,
                ["sourceTopics"] = new JsonArray([.. topology.SourceTopics.Select(t => (JsonNode)t)]),
                ["stores"] = new JsonArray([.. topology.SubTopologies.SelectMany(s => s.Stores)
                    .Select(s => (JsonNode)s.Name)]),
                ["description"] = text,
            },
            _ => { });
        return ExitCode.Ok;
    }
}
