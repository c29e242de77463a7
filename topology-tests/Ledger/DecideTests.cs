using System.Reflection;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.PolicyInForce;
using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Topology.Tests.Ledger.Commands;
using static Topology.Tests.Ledger.TestPolicies;

namespace Topology.Tests.Ledger;

/// <summary>Deciding is a function: state, command, time and policy in, one value out.</summary>
public sealed class DecideTests
{
    private static readonly AllocationPolicy Preempting = ThreeClasses with
    {
        PreemptionTable =
        [
            new PreemptionRow("preempt/vip", PoolPattern.All, Vip, [Web], false, 0, 5_000, 2, false),
        ],
    };

    public static TheoryData<CommandKind> Kinds => [.. CommandSamples.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_same_arguments_give_the_same_bytes_whatever_was_decided_in_between(CommandKind kind)
    {
        var ledger = Full();
        var now = NowOf(ledger, Preempting);
        var record = RecordOf(ledger, CommandSamples.Command(ledger, kind));
        var expected = Bytes(New().Hypothesis(now, record));
        var used = New();

        foreach (var other in CommandSamples.Kinds)
        {
            used.Hypothesis(now, RecordOf(ledger, CommandSamples.Command(ledger, other, "between")));

            Assert.Equal(expected, Bytes(used.Hypothesis(now, record)));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_decision_writes_nothing(CommandKind kind)
    {
        var ledger = Full();
        var now = NowOf(ledger, Preempting) with { State = ReadOnlyState.Over(ledger.State) };

        var decided = New().Command(now, RecordOf(ledger, CommandSamples.Command(ledger, kind)));

        Assert.NotNull(decided.Outcome);
    }

    [Fact]
    public void The_policy_is_an_argument_like_any_other()
    {
        var ledger = Full();
        var decide = New();
        var record = RecordOf(ledger, ledger.Command(Hold("new", 4, Vip)));
        var taking = NowOf(ledger, Preempting);
        var refusing = NowOf(ledger, ThreeClasses);

        Assert.NotNull(decide.Command(taking, record).TakeFirst);
        Assert.Equal("R InsufficientAvailability", OutcomeText.Of(decide.Command(refusing, record).Final));
        Assert.NotNull(decide.Command(taking, record).TakeFirst);
    }

    [Fact]
    public void What_others_have_to_lose_first_is_the_value()
    {
        var ledger = Full();

        var decided = New().Command(
            NowOf(ledger, Preempting), RecordOf(ledger, ledger.Command(Hold("new", 4, Vip))));

        Assert.Null(decided.Outcome);
        var plan = Assert.Single(decided.TakeFirst!);
        Assert.Equal([new PreemptionTake("r", 4, 0)], plan.Takes);
    }

    [Fact]
    public void One_for_whom_others_lost_units_already_takes_no_more()
    {
        var ledger = Full();
        var decide = New();
        var now = NowOf(ledger, Preempting);
        var record = RecordOf(ledger, ledger.Command(Hold("new", 4, Vip)));
        var plans = decide.Command(now, record).TakeFirst;

        // They did not: nothing is free, and nothing is taken twice.
        Assert.Equal(
            "R InsufficientAvailability", OutcomeText.Of(decide.Command(now, record, new Taken(plans)).Final));
        Assert.Equal(
            "✔ Held", OutcomeText.Of(decide.Command(now, record, new Taken(plans, IsOnPaper: true)).Final));
    }

    [Fact]
    public void A_parked_command_that_may_not_be_decided_yet_goes_on_waiting()
    {
        var ledger = Full();
        ledger.Confirm("unknown", 1);
        var parked = Assert.Single(ledger.Reservation("unknown")!.Parked);
        var now = NowOf(ledger, Preempting);
        var source = RecordOf(ledger, ledger.Command(Hold("new", 1, Web)));

        var waits = New().Parked(now, source, TestLedger.Pool, parked, mayPark: true);
        var ends = New().Parked(now, source, TestLedger.Pool, parked, mayPark: false);

        Assert.Equal(Decided.GoesOnWaiting, waits);
        Assert.Throws<LedgerFaultException>(() => waits.Final);
        Assert.Equal("R UnknownReservation", OutcomeText.Of(ends.Final));
    }

    // All of the four units are held by r, of the lowest class.
    private static TestLedger Full()
    {
        var ledger = TestLedger.WithStock(4, policy: Preempting);
        ledger.Run(Hold("r", 4, Web));
        return ledger;
    }

    private static AllocationCommandBody.Hold Hold(string id, long quantity, string priorityClass) =>
        new() { ReservationId = id, Quantity = quantity, Class = priorityClass };

    private static Decide New() => new(new PolicyBook(Preempting), TestLedger.Partition, LedgerRole.Authority);

    private static Moment NowOf(TestLedger ledger, AllocationPolicy policy) =>
        new(ledger.State, ledger.NowMs, policy);

    private static LedgerRecord RecordOf(TestLedger ledger, AllocationCommand command) => new(
        "allocation.commands", TestLedger.Partition, 1_000, ledger.NowMs, command.PoolId,
        ReservedKeys.NamesPartition(command.PoolId) ? -1 : TestLedger.Partition, command);

    private static string Bytes(AllocationOutcome outcome)
    {
        using var writer = new AvroWriter();
        outcome.Write(writer);
        return Convert.ToHexString(writer.WrittenSpan);
    }

    /// <summary>A state that can be read only.</summary>
    public class ReadOnlyState : DispatchProxy
    {
        private static readonly string[] Reads = ["Get", "get_", "TryPeek"];
        private ILedgerState state = null!;

        public static ILedgerState Over(ILedgerState state)
        {
            var proxy = Create<ILedgerState, ReadOnlyState>();
            ((ReadOnlyState)(object)proxy).state = state;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Assert.Contains(Reads, r => targetMethod!.Name.StartsWith(r, StringComparison.Ordinal));
            return targetMethod!.Invoke(state, args);
        }
    }
}
