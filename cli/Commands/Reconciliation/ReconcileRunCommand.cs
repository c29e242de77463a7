using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Cli.Commands.Reconciliation;

/// <summary>
/// <c>alloc reconcile run</c>: what would be repaired; with <c>--apply</c>, lets it be done.
/// </summary>
internal static class ReconcileRunCommand
{
    private const string Everything = "*";

    private static readonly Option<string?> Scope = new("--scope")
    {
        Description = "A mismatch, a pool or an order",
        HelpName = "id",
    };

    private static readonly Option<bool> All = new("--all") { Description = "Every mismatch with a proposed repair" };

    private static readonly Option<int?> Cap = new Option<int?>("--cap")
    {
        Description = "Repairs at most; as the class says if not given",
        HelpName = "count",
    }.Within(1);

    private static readonly Option<bool> Apply = new("--apply") { Description = "Do it; without it, only show" };

    private static readonly Option<string?> Reason = new("--reason")
    {
        Description = "Why; it is in the audit. --apply needs it",
        HelpName = "text",
    };

    public static Command Create() => new Command("run", "Repair what is proposed; a dry run without --apply")
        .Takes(Scope, All, MismatchOptions.Class, MismatchOptions.Since, Cap, Apply, Reason, Consent.Yes)
        .NamesActor().TalksToConsole().TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static void Check(CommandContext context)
    {
        var scope = context.Get(Scope);
        if (scope == Everything)
        {
            throw AllocException.Usage("--scope '*' matches everything: say --all if that is meant.");
        }
        if ((scope is null) != context.Get(All))
        {
            throw AllocException.Usage(
                "Say what is to be repaired: --scope with a mismatch, a pool or an order, or --all.");
        }
        if (context.Get(Apply) && context.Get(Reason) is null)
        {
            throw AllocException.Usage("--apply needs --reason: it is in the audit.");
        }
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        Check(context);
        var isApplied = context.Get(Apply);
        Consent.CheckPossible(context, "a run", isDryRun: !isApplied);
        using var console = JsonHttp.Console(context);
        var rows = (await FindAsync(context, console, cancellation).ConfigureAwait(false))
            .Where(r => Column.Show(r["repair"]) != nameof(RepairKind.Unknown)).ToList();
        if (!isApplied || context.Screen.IsTable)
        {
            context.Screen.Rows(rows, MismatchScreens.ListColumns);
        }
        if (!isApplied)
        {
            context.Screen.Note(
                $"{rows.Count} would be asked for. Nothing was done: --apply --reason … does it.");
            return ExitCode.Ok;
        }
        if (rows.Count > 0 && !Consent.IsGiven(context, $"Ask for the repair of {rows.Count} mismatches?"))
        {
            return ExitCode.Failure;
        }
        return await ApplyAsync(context, cancellation).ConfigureAwait(false);
    }

    // A scope may be of any kind; what it names decides.
    private static async Task<List<JsonObject>> FindAsync(
        CommandContext context, JsonHttp console, CancellationToken cancellation)
    {
        var query = MismatchOptions.Part("state", nameof(MismatchState.Proposed))
            + MismatchOptions.Part("class", context.Get(MismatchOptions.Class)?.ToString());
        var limit = context.Get(Cap) ?? 100_000;
        var sinceMs = PointInTime.Get(context, MismatchOptions.Since);
        if (context.Get(Scope) is not { } scope)
        {
            return (await MismatchList.ReadAsync(console, query, limit, sinceMs, cancellation).ConfigureAwait(false))
                .Rows;
        }
        foreach (var name in (string[])["pool", "order"])
        {
            var found = await MismatchList.ReadAsync(
                console, query + MismatchOptions.Part(name, scope), limit, sinceMs, cancellation)
                .ConfigureAwait(false);
            if (found.Rows.Count > 0)
            {
                return found.Rows;
            }
        }
        var (status, body) = await console.TryAsync(
            HttpMethod.Get, $"v1/mismatches/{Uri.EscapeDataString(scope)}", cancellation).ConfigureAwait(false);
        return status == HttpStatusCode.OK && Column.Show(body!["state"]) == nameof(MismatchState.Proposed)
            ? [MismatchScreens.AsRow((JsonObject)body)] : [];
    }

    private static async Task<int> ApplyAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        using var registry = Registries.Client(settings, context.Time);
        using var sending = new DecisionSending(settings, registry);
        var answers = await sending.AskAsync(
            [
                new RepairDecision
                {
                    DecisionId = CommandId.Next(context.Time),
                    Kind = DecisionKind.Run,
                    Actor = Writes.ActorOf(context),
                    Reason = context.Get(Reason)!,
                    Scope = context.Get(Scope) ?? Everything,
                    Class = context.Get(MismatchOptions.Class)?.ToString(),
                    SinceMs = PointInTime.Get(context, MismatchOptions.Since),
                    Cap = context.Get(Cap),
                    DecidedAtMs = context.Time.GetUtcNow().ToUnixTimeMilliseconds(),
                },
            ], cancellation).ConfigureAwait(false);
        return ReconcileDecisions.Show(context, answers);
    }
}
