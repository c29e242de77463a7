using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Replays;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Operations;

namespace Alloc.Cli.Commands.Topics;

/// <summary>
/// <c>alloc topic replay SOURCE --to TARGET</c>: a range of a topic again, into a scratch topic or to one consumer.
/// Never into a topic that says what is true.
/// </summary>
internal static class TopicReplayCommand
{
    /// <summary>Ranges that the record of an action names.</summary>
    private const int MostRanges = 1_000;

    private static readonly Argument<string?> Source = new("source")
    {
        Description = "The topic that is read",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> To = new("--to")
    {
        Description = "The topic that is written",
        HelpName = "topic",
    };

    private static readonly Option<string?> From = new("--from")
    {
        Description = "An offset or a time (2027-03-28T18:00:00Z, -2h); the first record if not given",
        HelpName = "where",
    };

    private static readonly Option<string?> Until = new("--until")
    {
        Description = "An offset or a time, itself not replayed; the end as it is now if not given",
        HelpName = "where",
    };

    private static readonly Option<int?> Partition =
        new Option<int?>("--partition", "-p") { Description = "Only this partition" }.Within(0);

    private static readonly Option<string?> Key = new("--key", "-k")
    {
        Description = "Only records with this key",
        HelpName = "key",
    };

    private static readonly Option<ReplayRate?> Rate =
        ReplayRate.Option("How fast, 20/s, 30/m or 100/h; as fast as it goes if not given");

    private static readonly Option<bool> Create = new("--create")
    {
        Description = "Make the target, with the source's partitions and settings",
    };

    private static readonly Option<bool> ByKey = new("--partition-by-key")
    {
        Description = "Put records where their key belongs (murmur2), and not into the partition they come from",
    };

    private static readonly Option<bool> Acknowledge = new("--acknowledge-side-effects")
    {
        Description = "The target's readers shall act on the records again",
    };

    private static readonly Option<string?> Reason = new("--reason")
    {
        Description = "Why, for the record; needed but for --resume",
        HelpName = "text",
    };

    private static readonly Option<string?> Resume = new("--resume")
    {
        Description = "Go on with a replay that was interrupted",
        HelpName = "action-id",
    };

    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Read and count what would be replayed, and write nothing",
    };

    public static Command CreateCommand() =>
        new Command("replay", "Copy a range of a topic into a scratch topic, or to a consumer again")
            .Takes(Source, To, From, Until, Partition, Key, Rate, Create, ByKey, Acknowledge, Reason, Resume, DryRun,
                Consent.Yes)
            .NamesActor().TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        CheckWords(context);
        Consent.CheckPossible(context, "a replay", context.Get(DryRun));
        var settings = ClientOptions.SettingsOf(context);
        if (context.Get(Resume) is null)
        {
            // Before anything is asked of anybody: what is never done is never done, wherever Kafka is.
            CheckTarget(context, settings, []);
        }
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        var audit = new OperatorAudit(settings, registry, context.Time) { OnUnusable = context.Screen.Warn };
        using var topics = new ReplayTopics(settings);
        return context.Get(Resume) is { } actionId
            ? await ResumeAsync(context, settings, audit, topics, actionId, cancellation).ConfigureAwait(false)
            : await BeginAsync(context, settings, audit, topics, cancellation).ConfigureAwait(false);
    }

    private static void CheckWords(CommandContext context)
    {
        if (context.Get(Resume) is not null)
        {
            var beside = new Option[] { To, From, Until, Partition, Key, Create, ByKey, Reason, DryRun }
                .FirstOrDefault(context.IsGiven)?.Name ?? (context.Get(Source) is null ? null : "a source");
            if (beside is not null)
            {
                throw AllocException.Usage(
                    $"--resume goes on with what was asked for, and {beside} says something else.",
                    "Leave it out; --rate may be given anew.");
            }
            return;
        }
        var missing = context.Get(Source) is null ? "Name the topic that is read."
            : context.Get(To) is null ? "Give --to TOPIC: a scratch topic (--create makes it), or a consumer's."
            : context.Get(Reason) is null ? "Give --reason TEXT: it is kept in operations.audit."
            : null;
        if (missing is not null)
        {
            throw AllocException.Usage("A replay needs a source, --to and --reason.", missing);
        }
    }

    private static ReplayVerdict CheckTarget(
        CommandContext context, AllocClientOptions settings, IReadOnlyCollection<string> others)
    {
        var target = settings.TopicPrefix + context.Get(To);
        var verdict = ReplayVerdict.Of(
            settings.TopicPrefix + context.Get(Source), target, settings.TopicPrefix, others);
        if (verdict.IsRefused)
        {
            throw AllocException.Usage(
                $"{verdict.Why}: nothing is replayed into it.",
                "Replay into a scratch topic: --to NAME --create. alloc projection rebuild builds searches anew.");
        }
        return verdict.Asks && !context.Get(Acknowledge)
            ? throw AllocException.Usage(
                $"{verdict.Why}: a replay into it makes them act again.",
                "--acknowledge-side-effects says that this is meant; --to NAME --create keeps it apart.")
            : verdict;
    }

    private static async Task<int> BeginAsync(
        CommandContext context, AllocClientOptions settings, OperatorAudit audit, ReplayTopics topics,
        CancellationToken cancellation)
    {
        var verdict = CheckTarget(context, settings, topics.Names);
        var plan = await PlanAsync(context, settings, topics).ConfigureAwait(false) with
        {
            LeavesControlsOut = verdict.Asks,
        };
        if (plan.Ranges.Count == 0)
        {
            ReplayScreens.Show(context, plan, [], "empty");
            context.Screen.Warn($"{plan.Source} has no record in that range; nothing was replayed.");
            return ExitCode.Ok;
        }
        if (plan.Ranges.Count > MostRanges)
        {
            throw AllocException.Usage(
                $"{plan.Source} has records in {plan.Ranges.Count:N0} partitions, and one action reads at most "
                + $"{MostRanges:N0}.",
                "Replay them one by one: --partition.");
        }
        if (context.Get(DryRun))
        {
            return ReplayCount.Show(context, settings, plan, cancellation);
        }
        if (!Consent.IsGiven(
            context,
            $"Replay up to {plan.OffsetCount:N0} records of {plan.Source} into {plan.Target}"
            + $"{(context.Get(Create) ? " (new)" : "")}{(plan.Rate is null ? "" : $" at {plan.Rate}")}?"))
        {
            context.Screen.Warn("Nothing was replayed.");
            return ExitCode.Failure;
        }
        // Read once, so that nothing is written where nothing could be said about it.
        audit.Read(cancellation);
        if (context.Get(Create))
        {
            await topics.CreateLikeAsync(plan.Source, plan.Target, context.Time, cancellation).ConfigureAwait(false);
        }
        return await CopyAsync(context, settings, audit, topics, plan, isResumed: false, cancellation)
            .ConfigureAwait(false);
    }

    private static async Task<ReplayPlan> PlanAsync(
        CommandContext context, AllocClientOptions settings, ReplayTopics topics)
    {
        var source = settings.TopicPrefix + context.Get(Source);
        var target = settings.TopicPrefix + context.Get(To);
        var count = topics.Require(source, "alloc topic tail reads one; alloc doctor names those of the catalogue.");
        CheckCounts(context, source, target, count, topics);
        if (context.Get(Partition) is { } partition && partition >= count)
        {
            throw AllocException.NotFound($"{source} has no partition {partition}; it has {count}.");
        }
        var from = ReplayBound.Read(context, "--from", context.Get(From));
        var until = ReplayBound.Read(context, "--until", context.Get(Until));
        var bounds = new ReplayBounds(
            settings, source, context.Get(Partition) is { } one ? [one] : [.. Enumerable.Range(0, count)]);
        return new ReplayPlan
        {
            ActionId = CommandId.Next(context.Time),
            Source = source,
            Target = target,
            Ranges = bounds.Find(from, until, await topics.HasOwnTimesAsync(source).ConfigureAwait(false)),
            Key = context.Get(Key),
            FromMs = from?.TimeMs,
            UntilMs = until?.TimeMs,
            IsByKey = context.Get(ByKey),
            Rate = context.Get(Rate),
            Reason = context.Get(Reason)!,
        };
    }

    private static void CheckCounts(
        CommandContext context, string source, string target, int count, ReplayTopics topics)
    {
        if (context.Get(Create))
        {
            if (topics.PartitionCount(target) is not null)
            {
                throw AllocException.Failed(
                    $"{target} is there already.", "Leave --create out, or name another topic.");
            }
            return;
        }
        var there = topics.Require(target, "--create makes it, with the source's partitions and settings.");
        if (there != count && !context.Get(ByKey))
        {
            throw AllocException.Usage(
                $"{source} has {Partitions(count)} and {target} {Partitions(there)}: records cannot stay in theirs.",
                "--partition-by-key puts them where their key belongs.");
        }
    }

    private static string Partitions(int count) => count == 1 ? "1 partition" : $"{count} partitions";

    private static async Task<int> ResumeAsync(
        CommandContext context, AllocClientOptions settings, OperatorAudit audit, ReplayTopics topics, string actionId,
        CancellationToken cancellation)
    {
        var own = audit.Read(cancellation).Where(a => a.ActionId == actionId).ToList();
        if (own.Find(a => a.Kind == OperatorActionKind.ReplayStarted) is not { } started)
        {
            throw AllocException.NotFound(
                $"{audit.Topic} knows no replay {actionId}.", "alloc topic tail operations.audit lists them.");
        }
        var plan = ReplayPlan.Of(started);
        if (own.Find(a => a.Kind == OperatorActionKind.ReplayFinished) is { } finished)
        {
            context.Screen.Warn(
                $"{actionId} is finished: {finished.RecordCount:N0} records of {plan.Source} are in {plan.Target}.");
            return ExitCode.Ok;
        }
        topics.Require(plan.Source, "It was there when the replay began.");
        topics.Require(plan.Target, "It was there when the replay began.");
        plan = context.IsGiven(Rate) ? plan with { Rate = context.Get(Rate) } : plan;
        if (!Consent.IsGiven(context, $"Go on with the replay of {plan.Source} into {plan.Target}?"))
        {
            context.Screen.Warn("Nothing was replayed.");
            return ExitCode.Failure;
        }
        return await CopyAsync(context, settings, audit, topics, plan, isResumed: true, cancellation)
            .ConfigureAwait(false);
    }

    private static async Task<int> CopyAsync(
        CommandContext context, AllocClientOptions settings, OperatorAudit audit, ReplayTopics topics, ReplayPlan plan,
        bool isResumed, CancellationToken cancellation)
    {
        context.Screen.Note($"Action {plan.ActionId}, as operations.audit knows it.");
        using var run = new TopicReplayRun(
            context, settings, plan, audit, topics.Require(plan.Target, "It was there when the replay began."));
        try
        {
            await run.RunAsync(isResumed, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            context.Screen.Warn($"Interrupted. {run.Again}");
            return ExitCode.Interrupted;
        }
        ReplayScreens.Show(context, plan, [.. run.Partitions.Values], "finished");
        try
        {
            await topics.ForgetAsync(TopicReplayRun.GroupOf(settings, plan.ActionId)).ConfigureAwait(false);
        }
        catch (Confluent.Kafka.KafkaException error)
        {
            context.Screen.Warn(
                $"Its group {TopicReplayRun.GroupOf(settings, plan.ActionId)} could not be removed: "
                + $"{error.Error.Reason}. It does no harm, and goes with offsets.retention.minutes.");
        }
        return ExitCode.Ok;
    }
}
