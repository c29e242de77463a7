using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Reservations;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Processors.Notation;
using Alloc.Schemas.Allocation;
using Alloc.Web.Json;
using Spectre.Console;

namespace Alloc.Cli.Commands;

/// <summary>What a write command asks for, and the words that would ask for exactly the same again.</summary>
internal sealed record Ask(string PoolId, AllocationCommandBody Body, IReadOnlyList<string> Words);

/// <summary>
/// What all commands that ask for a decision share: the envelope's options, sending, waiting, showing the outcome. A
/// time-out never says that the command failed; it says how to ask again with the same command id.
/// </summary>
internal static class Writes
{
    private static readonly Option<string?> CommandIdOption = new("--command-id")
    {
        Description = "The command's id; give that of an earlier try to get its answer",
        HelpName = "id",
    };

    private static readonly SettingOption<string?> Actor = new("--actor", "Who asks; the login name if not given")
    {
        HelpName = "name",
    };

    private static readonly SettingOption<string?> Channel = new("--channel", "The channel that the request comes from")
    {
        HelpName = "name",
    };

    private static readonly SettingOption<string?> Tier = new("--tier", "The tier of the customer or dealer")
    {
        HelpName = "name",
    };

    private static readonly Option<string?> Correlation = new("--correlation-id")
    {
        Description = "Ties commands of one action together; the command's id if not given",
        HelpName = "id",
    };

    private static readonly Option<TimeSpan?> Deadline = new("--deadline")
    {
        Description = "Do not decide in favour after this time from now",
        CustomParser = Duration.ParseOptional,
        HelpName = "duration",
    };

    private static readonly Option<long?> ExpectedVersion = new("--expected-version")
    {
        Description = "Only if the reservation still has this version",
        HelpName = "number",
    };

    private static readonly Option<long?> Epoch = new("--epoch")
    {
        Description = "The epoch of authority that you act under for another system; a past one is refused",
        HelpName = "number",
    };

    public static Command Asks(this Command command, Func<CommandContext, Ask> build) =>
        command.Asks((context, _) => Task.FromResult(build(context)));

    public static Command Asks(
        this Command command, Func<CommandContext, CancellationToken, Task<Ask>> build) => command
        .Takes(CommandIdOption, Actor, Channel, Tier, Correlation, Deadline, ExpectedVersion, Epoch)
        .TalksToKafka().TalksToRegistry()
        .Runs(async (context, cancellation) =>
        {
            var ask = await build(context, cancellation).ConfigureAwait(false);
            return await RunAsync(context, ask, cancellation).ConfigureAwait(false);
        });

    private static async Task<int> RunAsync(CommandContext context, Ask ask, CancellationToken cancellation)
    {
        var settings = ClientOptions.SettingsOf(context);
        var command = Envelope(context, ask);
        using var client = new AllocClient(settings, context.Time);
        CommandAnswer result;
        try
        {
            result = await client.SendAsync(command, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            ShowUnknown(context, command, ask, "Interrupted before the decision was seen.");
            return ExitCode.Interrupted;
        }
        if (result is not CommandAnswer.Decided { Outcome: var outcome })
        {
            ShowUnknown(context, command, ask, $"No decision was seen within {Duration.Show(settings.Timeout)}.");
            return ExitCode.Unavailable;
        }
        context.Screen.One(AvroJson.Of(outcome), console => Show(console, outcome, context));
        return IsRefused(outcome) ? ExitCode.Rejected : ExitCode.Ok;
    }

    /// <summary>True when what was asked for did not happen; a fact that a count already contains did.</summary>
    private static bool IsRefused(AllocationOutcome outcome) => outcome.Event
        is AllocationOutcomeEvent.Rejected
        or AllocationOutcomeEvent.SupplyIgnored { Why: not SupplyIgnoredWhy.Reflected };

    /// <summary>A command of a bulk action: who acts is said once for all of them.</summary>
    public static Command Acts(this Command command) => command.Takes(Actor, Channel, Tier, Correlation);

    /// <summary>An action that is recorded with who did it, and sends no command.</summary>
    public static Command NamesActor(this Command command) => command.Takes(Actor);

    /// <summary>The person at the keyboard, or whom <c>--actor</c> names.</summary>
    public static string ActorOf(CommandContext context) => context.Get(Actor) ?? Environment.UserName;

    private static AllocationCommand Envelope(CommandContext context, Ask ask) => Envelope(
        context, ask.PoolId, ask.Body, context.Get(CommandIdOption) ?? CommandId.Next(context.Time)) with
    {
        DeadlineMs = context.Get(Deadline) is { } deadline
                ? context.Time.GetUtcNow().ToUnixTimeMilliseconds() + (long)deadline.TotalMilliseconds
                : null,
        ExpectedVersion = context.Get(ExpectedVersion),
        Epoch = context.Get(Epoch),
    };

    /// <summary>A command of the person at the keyboard, or of whom <c>--actor</c> names.</summary>
    public static AllocationCommand Envelope(
        CommandContext context, string poolId, AllocationCommandBody body, string id)
    {
        var now = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        return new AllocationCommand
        {
            CommandId = id,
            PoolId = poolId,
            Actor = new Actor
            {
                Type = ActorType.Operator,
                Id = ActorOf(context),
                Channel = context.Get(Channel),
                Tier = context.Get(Tier),
            },
            CorrelationId = context.Get(Correlation) ?? id,
            IssuedAtMs = now,
            Body = body,
        };
    }

    private static void Show(IAnsiConsole console, AllocationOutcome outcome, CommandContext context)
    {
        OutcomeBlock.Write(console, outcome);
        foreach (var (name, timeMs) in PointInTime.Given(context))
        {
            Fields.Write(console, name, Words.Time(timeMs, context.Time));
        }
        if (outcome.Event is AllocationOutcomeEvent.PendingApproval)
        {
            context.Screen.Note(
                "Another person approves:  " + ShellLine.Of(
                    $"{Invocation.Name(context.Host.Environment)} approve", outcome.CommandId,
                    ("--pool", outcome.PoolId)));
        }
        if (outcome.Event is AllocationOutcomeEvent.Rejected && outcome.CommandId is { } id)
        {
            context.Screen.Note(
                "Every rule that was looked at:  "
                + ShellLine.Of($"{Invocation.Name(context.Host.Environment)} explain", id));
        }
    }

    private static void ShowUnknown(CommandContext context, AllocationCommand command, Ask ask, string what)
    {
        var again = Again(context, command, ask);
        context.Screen.Warn(
            $"{what} It is unknown whether the command was or will be decided; nothing says that it failed.");
        context.Screen.Warn(
            "Ask again with the same command id: if it was decided, its answer comes back and nothing is done twice.");
        context.Screen.Warn($"  {again}");
        if (!context.Screen.IsTable)
        {
            context.Screen.One(
                new JsonObject { ["commandId"] = command.CommandId, ["decision"] = "unknown", ["askAgain"] = again },
                _ => { });
        }
    }

    private static string Again(CommandContext context, AllocationCommand command, Ask ask)
    {
        var words = ask.Words.ToList();
        // A pool that is called like an option comes after all of them.
        var isLast = ask.PoolId.StartsWith('-') && words.Remove(ask.PoolId);
        words.And("--command-id", command.CommandId);
        foreach (var option in new Option[] { Actor, Channel, Tier, ExpectedVersion, Epoch })
        {
            if (context.IsGiven(option))
            {
                words.And(option.Name, context.Parsed.GetResult(option)!.Tokens[0].Value);
            }
        }
        var connection = ClientOptions.Repeat(context);
        return string.Join(' ', words.Select(ShellLine.Quote).Prepend(Invocation.Name(context.Host.Environment)))
            + (connection.Length > 0 ? " " + connection : "") + (isLast ? " -- " + ShellLine.Quote(ask.PoolId) : "");
    }
}
