using System.CommandLine;
using System.Globalization;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Confluent.SchemaRegistry;
using Spectre.Console;

namespace Alloc.Cli.Commands.Policies;

/// <summary>
/// <c>alloc policy apply FILE</c>: puts a policy into force in every partition. What is wrong is refused before
/// anything is written, and each partition checks it again.
/// </summary>
internal static class PolicyApplyCommand
{
    /// <summary>Time for every partition to have it before it acts, so that all change at the same time.</summary>
    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(5);

    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Check it against what is in force, and write nothing",
    };

    private static readonly Option<string?> EffectiveAt = PointInTime.Option(
        "--effective-at", "From when it acts, ISO 8601; five seconds from now if not given");

    private static readonly Option<int?> Base = new("--base")
    {
        Description = "Only if this version was the last",
        HelpName = "number",
    };

    public static Command Create() =>
        new Command("apply", "Put a policy into force in every partition")
            .Takes(PolicyFile.Argument, DryRun, EffectiveAt, Base, Consent.Yes).Acts()
            .TalksToKafka().TalksToRegistry().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        Consent.CheckPossible(context, "apply", context.Get(DryRun));
        var effectiveAt = EffectiveAtMs(context);
        var file = PolicyFile.Read(context, context.Get(PolicyFile.Argument));
        if (!IsValid(context, file, file.Parse()))
        {
            return ExitCode.Failure;
        }
        var settings = ClientOptions.SettingsOf(context);
        await new KafkaClients(settings).EnsureReachableAsync(cancellation).ConfigureAwait(false);
        using var registry = Registries.Client(settings, context.Time);
        var topic = new PolicyTopic(settings, registry) { OnUnusable = context.Screen.Warn };
        var before = topic.Newest(cancellation);
        if (file.Parse(before?.Policy) is not { Policy: { } policy } reading)
        {
            IsValid(context, file, file.Parse(before?.Policy));
            return ExitCode.Failure;
        }
        var isFinishing = CheckBase(context, policy, before);
        using var answers = new PolicyAnswers(settings, registry);
        var missing = isFinishing
            ? await answers.ReadAsync(context.Host, before!, cancellation).ConfigureAwait(false)
            : [.. Enumerable.Range(0, answers.PartitionCount).Select(p =>
                new PartitionAnswer(p, PartitionStand.Unanswered))];
        var plan = new PolicyPlan(
            policy, isFinishing ? before!.Record.EffectiveAtMs : effectiveAt, before, isFinishing, missing);
        if (plan.Targets.Count == 0 || context.Get(DryRun))
        {
            context.Screen.One(plan.Json(isDryRun: true), console =>
            {
                file.Show(console, reading);
                console.MarkupLine(Markup.Escape(plan.Describe(context.Time)));
                PolicyScreens.Answers(context, plan.Answers);
            });
            return ExitCode.Ok;
        }
        if (!Consent.IsGiven(context, $"{plan.Describe(context.Time)} Apply?"))
        {
            context.Screen.Warn("Nothing was applied.");
            return ExitCode.Failure;
        }
        var from = answers.Ends();
        var (applied, activations) = await WriteAsync(context, settings, topic, registry, plan, cancellation)
            .ConfigureAwait(false);
        var ids = activations.Values.Select(command => command.CommandId).ToHashSet(StringComparer.Ordinal);
        var given = await Task.Run(
            () => answers.Await(
                applied, [.. from.Where(p => activations.ContainsKey(p.Partition))], ids, settings.Timeout,
                cancellation),
            cancellation).ConfigureAwait(false);
        return Show(context, plan with
        {
            Answers = [.. given.Select(answer =>
                activations.ContainsKey(answer.Partition) ? answer : plan.Answers[answer.Partition])],
        });
    }

    private static async Task<(PolicyInForce, IReadOnlyDictionary<int, AllocationCommand>)> WriteAsync(
        CommandContext context, AllocClientOptions settings, PolicyTopic topic,
        ISchemaRegistryClient registry, PolicyPlan plan, CancellationToken cancellation)
    {
        using var fanOut = new PolicyFanOut(settings, topic, registry);
        await fanOut.BeginAsync(cancellation).ConfigureAwait(false);

        // Nobody else can write from here on: what was looked at before is looked at once more.
        var now = topic.Newest(cancellation);
        if (now?.Record != plan.Before?.Record)
        {
            throw AllocException.Failed(
                $"Version {now?.Record.Version} was applied in the meantime; nothing of this was written.",
                "alloc policy get shows it; write the next version upon it.");
        }
        var document = PolicyDocument.Write(plan.Policy);
        var hash = PolicyDocument.HashOf(document);
        var record = new PolicyInForce
        {
            Version = plan.Policy.Version,
            Document = document,
            ContentHash = hash,
            EffectiveAtMs = plan.EffectiveAtMs,
            Base = plan.Before?.Record.Version ?? PolicyVersions.Version0.Version,
        };
        var attempt = plan.IsFinishing ? $"/{context.Time.GetUtcNow().ToUnixTimeMilliseconds()}" : "";
        var activations = plan.Targets.ToDictionary(p => p, p => Writes.Envelope(
            context,
            Processors.Allocation.Ledger.ReservedKeys.Policy,
            new AllocationCommandBody.PolicyActivate
            {
                Document = document,
                Version = plan.Policy.Version,
                ContentHash = hash,
                EffectiveAtMs = plan.EffectiveAtMs,
            },
            string.Create(CultureInfo.InvariantCulture, $"policy/{plan.Policy.Version}/{hash[..16]}/{p}{attempt}")));
        await fanOut.CommitAsync(plan.IsFinishing ? null : record, activations, cancellation).ConfigureAwait(false);
        return (record, activations);
    }

    private static bool IsValid(CommandContext context, PolicyFile file, PolicyReading reading)
    {
        if (reading.Policy is null)
        {
            context.Screen.One(file.Json(reading), console => file.Show(console, reading));
            context.Screen.Warn("Nothing was applied.");
        }
        return reading.Policy is not null;
    }

    /// <summary>True when the same policy was applied already, so that only missing partitions are left.</summary>
    private static bool CheckBase(CommandContext context, AllocationPolicy policy, AppliedPolicy? before)
    {
        var last = before?.Record.Version ?? PolicyVersions.Version0.Version;
        if (policy.Version == last && before is not null
            && before.Record.ContentHash == PolicyDocument.HashOf(policy))
        {
            return true;
        }
        if (context.Get(Base) is { } wanted && wanted != last)
        {
            throw AllocException.Failed(
                $"Version {last} was applied last, not --base {wanted}; nothing was applied.",
                "alloc policy get shows it; write the next version upon it.");
        }
        return policy.Version > last ? false : throw AllocException.Failed(
            policy.Version == last
                ? $"Version {last} is there already with other content; nothing was applied."
                : $"Version {last} was applied last, and {policy.Version} is older; nothing was applied.",
            $"Write version: {last + 1}.");
    }

    private static long EffectiveAtMs(CommandContext context)
    {
        var now = context.Time.GetUtcNow();
        if (PointInTime.Get(context, EffectiveAt) is not { } time)
        {
            return (now + Lead).ToUnixTimeMilliseconds();
        }
        return time > now.ToUnixTimeMilliseconds() ? time : throw AllocException.Usage(
            $"--effective-at: {Words.Time(time)} is over; what is decided cannot change.",
            "Write a time to come, or leave it out.");
    }

    private static int Show(CommandContext context, PolicyPlan plan)
    {
        context.Screen.One(plan.Json(isDryRun: false), _ => PolicyScreens.Answers(context, plan.Answers));
        if (plan.Answers.Any(answer => answer.Stand == PartitionStand.Rejected))
        {
            return ExitCode.Rejected;
        }
        var silent = plan.Answers.Count(answer => !answer.HasIt);
        if (silent > 0)
        {
            context.Screen.Warn(
                $"{silent} partitions did not answer within the time allowed; the policy is written and they will take "
                + "it. alloc policy get tells, and the same command again asks them once more.");
            return ExitCode.Unavailable;
        }
        return ExitCode.Ok;
    }
}
