using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Schemas.Reconciliation;
using Alloc.Web.Json;

namespace Alloc.Cli.Commands.Reconciliation;

/// <summary>
/// <c>alloc reconcile approve|reject|accept|assign</c>: what a person decides about mismatches. Who decides is
/// <c>--actor</c>, or the login name.
/// </summary>
internal static class ReconcileDecisions
{
    private static readonly Option<string?> Until = PointInTime.Option("--until", "Until when it is meant");

    private static readonly Option<string> To = new("--to")
    {
        Description = "Who takes it",
        HelpName = "name",
        Required = true,
    };

    public static Command Approve() => Decides(
        "approve", "Let the proposed repair be done; where two people must want it, the second one approves",
        DecisionKind.Approve).Takes(MismatchOptions.Reason);

    public static Command Reject() => Decides(
        "reject", "Do not repair it so: it goes to the exception queue", DecisionKind.Reject)
            .Takes(MismatchOptions.Reason);

    public static Command Accept() => Decides("accept", "It is meant: nothing is to be done", DecisionKind.Accept)
        .Takes(MismatchOptions.Reason, Until);

    public static Command Assign() => Decides("assign", "Somebody takes it", DecisionKind.Assign).Takes(To);

    /// <summary>Shows what became of decisions.</summary>
    public static int Show(CommandContext context, IReadOnlyList<MismatchEvent> answers)
    {
        context.Screen.Rows(
            [.. answers.Select(a => AvroJson.Of(a))],
            Column.Text("MISMATCH", "mismatchId"), Column.Text("WHAT", "kind"), Column.Text("STATE", "state"),
            Column.Text("WHO", "actor"), Column.Text("DETAIL", "detail"));
        return answers.Any(a => a.Kind == MismatchEventKind.DecisionRefused) ? ExitCode.Rejected : ExitCode.Ok;
    }

    private static Command Decides(string verb, string description, DecisionKind kind) =>
        new Command(verb, description).Takes(MismatchOptions.Ids).NamesActor().TalksToKafka().TalksToRegistry()
            .Runs((context, cancellation) => RunAsync(context, kind, cancellation));

    private static async Task<int> RunAsync(
        CommandContext context, DecisionKind kind, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        using var registry = Registries.Client(settings, context.Time);
        using var sending = new DecisionSending(settings, registry);
        var decisions = context.Get(MismatchOptions.Ids)!.Distinct(StringComparer.Ordinal).Select(
            id => new RepairDecision
            {
                DecisionId = CommandId.Next(context.Time),
                MismatchId = id,
                Kind = kind,
                Actor = Writes.ActorOf(context),
                Reason = kind == DecisionKind.Assign ? "" : context.Get(MismatchOptions.Reason)!,
                Assignee = kind == DecisionKind.Assign ? context.Get(To) : null,
                UntilMs = kind == DecisionKind.Accept ? PointInTime.Get(context, Until) : null,
                DecidedAtMs = context.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            }).ToList();
        return Show(context, await sending.AskAsync(decisions, cancellation).ConfigureAwait(false));
    }
}
