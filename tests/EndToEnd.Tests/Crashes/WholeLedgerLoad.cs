using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using EndToEnd.Tests.CommandLine;
using EndToEnd.Tests.Processes;

namespace EndToEnd.Tests.Crashes;

/// <summary>
/// What a replay does not ask: amendments, splits, changes of owner, waiting and promotion, preemption, forced releases
/// with approval, repairs, modes, transfers of authority, and policies applied in the middle. Round after round beside
/// a replay, each on pools of its own; whatever is away meanwhile, each command is sent again until it is answered.
/// </summary>
internal sealed class WholeLedgerLoad : IAsyncDisposable
{
    private const string Mode = "slow-payments";
    private const int RoundsPerPolicy = 3;
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    /// <summary>Events that a run must leave in the journal.</summary>
    private static readonly string[] Expected =
    [
        "Amended", "AuthorityChanged", "Extended", "Imported", "ModeChanged", "PendingApproval", "PolicyActivated",
        "Preempted", "Promoted", "Reassigned", "Repaired", "ReservationSplit", "Waitlisted",
    ];

    private readonly Deployment deployment;
    private readonly TemporaryDirectory directory;
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource ending = new();
    private readonly Task rounds;
    private AllocClient? client;
    private int policyVersion;
    private int lastPolicySeen;

    private WholeLedgerLoad(Deployment deployment, TemporaryDirectory directory)
    {
        this.deployment = deployment;
        this.directory = directory;
        rounds = Task.Run(RunAsync);
    }

    public static WholeLedgerLoad Start(Deployment deployment, TemporaryDirectory directory) =>
        new(deployment, directory);

    /// <summary>
    /// Ends after a round that was decided under a policy of this load and switched its mode on; then verifies the
    /// history.
    /// </summary>
    public async Task<JsonNode> StopAndVerifyAsync()
    {
        await stopping.CancelAsync();
        ending.CancelAfter(Deadline);
        await rounds;
        var found = await Proof.VerifyAsync(deployment);
        var events = found["events"]!.AsObject();
        Assert.All(Expected, e => Assert.True(events.ContainsKey(e), $"no {e} in {events.ToJsonString()}"));
        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        try
        {
            await rounds;
        }
        catch (Exception)
        {
            // Whoever awaits the end of the load is told; here a test ends that has failed already.
        }
        client?.Dispose();
        stopping.Dispose();
        ending.Dispose();
    }

    private async Task RunAsync()
    {
        for (var round = 0; ; round++)
        {
            if (round % RoundsPerPolicy == 1)
            {
                await ApplyPolicyAsync();
            }
            var isUnderPolicy = lastPolicySeen > 0;
            var isOn = round % 2 == 0;
            await SwitchAsync($"mix-{round}", isOn);
            await PoolAsync($"mix-{round}");
            await HandOverAsync($"moved-{round}");
            if (isUnderPolicy && isOn && stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task PoolAsync(string pool)
    {
        await SupplyAsync(pool, 6);
        await AskAsync(pool, "hold-a", Hold("a", 2));
        await AskAsync(pool, "amend", new AllocationCommandBody.Amend { ReservationId = "a", NewQuantity = 3 });
        await AskAsync(pool, "split", new AllocationCommandBody.Split
        {
            ReservationId = "a",
            Parts = [new SplitPart { ReservationId = "a/b", Quantity = 1 }],
        });
        await AskAsync(pool, "reassign", new AllocationCommandBody.Reassign
        {
            ReservationId = "a",
            ToCustomerRef = "somebody else",
        });
        await AskAsync(pool, "extend", new AllocationCommandBody.Extend { ReservationId = "a/b", TtlMs = 1_800_000 });
        await AskAsync(pool, "confirm", new AllocationCommandBody.Confirm { ReservationId = "a", Quantity = 2 });
        await AskAsync(pool, "hold-c", Hold("c", 3));
        await AskAsync(pool, "wait", Hold("w", 2) with { Mode = HoldMode.Waitlist });
        await AskAsync(
            pool, "release", new AllocationCommandBody.Release { ReservationId = "c", Reason = "Cancelled" });
        await AskAsync(pool, "hold-gold", Hold("g", 3), channel: "gold");
        await AskAsync(pool, "force", new AllocationCommandBody.ForceRelease
        {
            ReservationId = "a",
            Bucket = ReleaseBucket.Confirmed,
            Reason = "Damaged",
            Ticket = "T-1",
        });
        await AskAsync(
            pool, "approve", new AllocationCommandBody.Approve { ApprovedCommandId = $"{pool}/force" }, actor: "ann");
        var seen = await AskAsync(
            pool, "look", new AllocationCommandBody.Release { ReservationId = "nobody", Reason = "Cancelled" });
        await AskAsync(pool, "repair", new AllocationCommandBody.Repair
        {
            MismatchId = "m",
            Action = "Adjust",
            Approver = "ann",
            ExpectedBalances = seen.BalancesAfter,
            Quantity = 1,
            From = RepairAccount.External,
            To = RepairAccount.Free,
        });
        await AskAsync(pool, "brief", Hold("brief", 1) with { TtlMs = 200 });
        await AskAsync(pool, "consume", new AllocationCommandBody.Consume
        {
            ReservationId = "a/b",
            Quantity = 1,
            ConsumeId = $"{pool}/consume",
            OccurredAtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        });
    }

    /// <summary>A pool that another system had comes over, with what it had promised.</summary>
    private async Task HandOverAsync(string pool)
    {
        await TransferAsync(pool, AuthorityMode.Frozen, "legacy", 1);
        await SupplyAsync(pool, 6);
        await AskAsync(pool, "refused", Hold("r", 1));
        await AskAsync(pool, "import", new AllocationCommandBody.Import { ReservationId = "i", Confirmed = 2 });
        await TransferAsync(pool, AuthorityMode.Authoritative, "alloc", 2);
        await AskAsync(pool, "hold", Hold("h", 1) with { TtlMs = 200 });
    }

    private async Task SupplyAsync(string pool, long quantity)
    {
        await AskAsync(pool, "configure", new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", Kind = PoolKind.Stock, SnapshotSource = "test" },
        });
        await AskAsync(pool, "supply", new AllocationCommandBody.SupplySnapshot
        {
            Source = "test",
            Version = 1,
            Quantity = quantity,
            Through = 0,
        });
    }

    private Task SwitchAsync(string round, bool isOn) => AskAllAsync(
        ReservedKeys.Mode, $"{round}/mode",
        new AllocationCommandBody.ModeSwitch { Mode = Mode, On = isOn, Reason = "test" });

    private Task TransferAsync(string slice, AuthorityMode mode, string owner, long epoch) => AskAllAsync(
        ReservedKeys.Authority, $"{slice}/{epoch}", new AllocationCommandBody.AuthorityTransfer
        {
            Slice = slice,
            Mode = mode,
            Owner = owner,
            NewEpoch = epoch,
        });

    private async Task AskAllAsync(string key, string id, AllocationCommandBody body)
    {
        for (var partition = 0; partition < CommandClient.PartitionCount; partition++)
        {
            await AskUntilAnsweredAsync(CommandClient.Command(id, key, body), partition);
        }
    }

    private async Task<AllocationOutcome> AskAsync(
        string pool, string step, AllocationCommandBody body, string actor = "eve", string? channel = null)
    {
        var outcome = await AskUntilAnsweredAsync(CommandClient.Command($"{pool}/{step}", pool, body) with
        {
            Actor = new Actor { Type = ActorType.Operator, Id = actor, Channel = channel },
        });
        lastPolicySeen = outcome.PolicyVersion;
        return outcome;
    }

    private static AllocationCommandBody.Hold Hold(string id, long quantity) => CommandClient.Hold(id, quantity);

    private async Task<AllocationOutcome> AskUntilAnsweredAsync(AllocationCommand command, int? partition = null)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            try
            {
                client ??= new AllocClient(new AllocClientOptions
                {
                    Bootstrap = deployment.Bootstrap,
                    Registry = new Uri(deployment.Registry),
                    Timeout = AnswerTimeout,
                });
                if (await client.SendAsync(command, partition, ending.Token)
                    is CommandAnswer.Decided { Outcome: var outcome })
                {
                    return outcome;
                }
            }
            catch (Exception e) when (e is AllocException or KafkaException or RegistryUnavailableException)
            {
                client?.Dispose();
                client = null;
            }
            await ticks.WaitForNextTickAsync(ending.Token);
        }
    }

    /// <summary>
    /// The shipped policy with more rows for the pools of this load; the replay's are decided as before.
    /// </summary>
    private async Task ApplyPolicyAsync()
    {
        var pools = new PoolPattern("mix-*");
        var policy = PolicyVersions.Version0 with
        {
            Version = ++policyVersion,
            Classes = ["gold", "standard"],
            ClassTable =
            [
                new ClassRow("class/gold", pools, "gold", null, "gold"), .. PolicyVersions.Version0.ClassTable,
            ],
            WaitlistTable = [new WaitlistRow("waitlist", pools, WaitlistOrder.StrictFifo, [], 600_000, 600_000, 100)],
            PreemptionTable = [new PreemptionRow("preemption", pools, "gold", ["standard"], false, 0, 0, 10, true)],
            ModeTable = [new ModeRow("mode", Mode, pools, ModeEffect.ExtendHolds, 60_000)],
        };
        var file = directory[$"policy-{policyVersion}.json"];
        await File.WriteAllTextAsync(file, PolicyDocument.Write(policy), ending.Token);
        while ((await CommandLineRun.OfAsync(
            ["policy", "apply", file, "--yes", "--timeout", "10s", .. deployment.Options])).ExitCode != ExitCode.Ok)
        {
            ending.Token.ThrowIfCancellationRequested();
        }
    }
}
