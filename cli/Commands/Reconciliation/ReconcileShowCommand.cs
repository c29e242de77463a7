using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Reconciliation;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Registry;
using Alloc.Web.Json;

namespace Alloc.Cli.Commands.Reconciliation;

/// <summary>
/// <c>alloc reconcile show MISMATCH-ID</c>: what each side says, what a repair would do, and all that happened to it.
/// </summary>
internal static class ReconcileShowCommand
{
    private static readonly Argument<string> Id = new("mismatch-id")
    {
        Description = "The mismatch, as alloc reconcile list shows it",
    };

    public static Command Create() =>
        new Command("show", "One mismatch: what each side says, whose it is, what was done").Takes(Id)
            .TalksToConsole().TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = context.Get(Id);
        using var console = JsonHttp.Console(context);
        var mismatch = (JsonObject)await console.GetAsync(
            $"v1/mismatches/{Uri.EscapeDataString(id)}", cancellation).ConfigureAwait(false);
        var events = await Task.Run(
            () => Events(context, id, Words.TryMs(mismatch["openedAt"]!) ?? 0, cancellation), cancellation)
            .ConfigureAwait(false);
        mismatch["events"] = new JsonArray([.. events]);
        context.Screen.One(mismatch, screen => MismatchScreens.Write(screen, context, mismatch));
        if (context.Screen.IsTable)
        {
            context.Screen.Rows(
                [.. events.Select(e => e.DeepClone().AsObject())], MismatchScreens.EventColumns(context.Time));
        }
        return ExitCode.Ok;
    }

    private static List<JsonObject> Events(
        CommandContext context, string id, long sinceMs, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        var topic = ReconciliationOptions.For(
            TopicCatalogue.Load().WithPrefix(settings.TopicPrefix), settings.TopicPrefix).EventTopic;
        using var registry = Registries.Client(settings, context.Time);
        var serde = new AvroSerde<MismatchEvent>(registry, ConfluentFraming.SubjectOf(topic));
        var key = Encoding.UTF8.GetBytes(id);
        var tail = new TopicTail(new KafkaClients(settings), settings.Timeout);
        return
        [
            .. tail.Read(
                new TailPlan { Topic = topic, Partitions = [0], From = StartAt.Time, TimeMs = sinceMs }, cancellation)
                .Where(r => r.Message.Key is { } found && found.AsSpan().SequenceEqual(key)
                    && r.Message.Value is not null)
                .Select(r => AvroJson.Of(serde.Deserialize(r.Message.Value!))),
        ];
    }
}
