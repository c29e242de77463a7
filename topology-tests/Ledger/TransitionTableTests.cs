using System.Globalization;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger;

/// <summary>
/// The transition table, one row a test: what is there, what is asked, what becomes of it, and how the reservation is
/// afterwards. ✔ applied, N no-op, R rejected, P parked (then: what it ends as when its grace is over). The pool has 20
/// units, the reservation is of 5; units are held for 15 minutes.
/// </summary>
public sealed class TransitionTableTests
{
    private const string Table = """
        given               | command           | outcome                     | afterwards
        --------------------+-------------------+-----------------------------+---------------------------------------
        none                | hold 5            | ✔ Held                      | held 5
        none                | hold 21           | R InsufficientAvailability  | failed
        waitlisted          | hold 5            | R ReservationExists         | waiting 5
        held                | hold 5 again      | N SameHold                  | held 5
        held                | hold 4            | R ReservationExists         | held 5
        confirmed           | hold 5 again      | N SameHold                  | confirmed 5
        confirmed           | hold 4            | R ReservationExists         | confirmed 5
        consumed            | hold 5 again      | N SameHold                  | consumed 5
        consumed            | hold 4            | R ReservationExists         | consumed 5
        orphan              | hold 5            | R AlreadyConsumed           | orphaned 2
        released            | hold 5            | R AlreadyReleased           | released 5 cancelled
        tombstone           | hold 5            | R AlreadyReleased           | cancelled
        expired             | hold 5            | R AlreadyExpired            | expired 5
        expired cancelled   | hold 5            | R AlreadyExpired+Cancelled  | expired 5 cancelled
        preempted           | hold 5            | R AlreadyPreempted          | preempted 5
        failed              | hold 5            | ✔ Held                      | held 5
        held+confirmed      | hold 4            | R ReservationExists         | held 2 confirmed 3
        confirmed+consumed  | hold 4            | R ReservationExists         | confirmed 3 consumed 2
        expired+confirmed   | hold 4            | R ReservationExists         | confirmed 3 expired 2

        none                | confirm           | P then R UnknownReservation | -
        waitlisted          | confirm           | R NotHeld                   | waiting 5
        held                | confirm           | ✔ Confirmed                 | confirmed 5
        held                | confirm 5         | ✔ Confirmed                 | confirmed 5
        held                | confirm 3         | ✔ Confirmed                 | confirmed 3 released 2
        held                | confirm 3 keep    | ✔ Confirmed                 | held 2 confirmed 3
        held                | confirm 6         | R ExceedsHeld               | held 5
        confirmed           | confirm           | N AlreadyConfirmed          | confirmed 5
        confirmed           | confirm 5         | N AlreadyConfirmed          | confirmed 5
        confirmed           | confirm 4         | N AlreadyConfirmed          | confirmed 5
        confirmed           | confirm 6         | R ExceedsHeld               | confirmed 5
        consumed            | confirm           | N AlreadyConfirmed          | consumed 5
        consumed            | confirm 5         | N AlreadyConfirmed          | consumed 5
        consumed            | confirm 6         | R AlreadyConsumed           | consumed 5
        released            | confirm           | R AlreadyReleased           | released 5 cancelled
        tombstone           | confirm           | R AlreadyReleased           | cancelled
        expired             | confirm           | R AlreadyExpired            | expired 5
        expired             | confirm 5         | R AlreadyExpired            | expired 5
        expired cancelled   | confirm           | R AlreadyExpired+Cancelled  | expired 5 cancelled
        preempted           | confirm           | R AlreadyPreempted          | preempted 5
        failed              | confirm           | R NeverHeld                 | failed
        held+confirmed      | confirm           | ✔ Confirmed                 | confirmed 5
        held+confirmed      | confirm 4         | ✔ Confirmed                 | confirmed 4 released 1
        held+confirmed      | confirm 4 keep    | ✔ Confirmed                 | held 1 confirmed 4
        held+confirmed      | confirm 3         | ✔ Confirmed                 | confirmed 3 released 2
        held+confirmed      | confirm 3 keep    | N AlreadyConfirmed          | held 2 confirmed 3
        held+confirmed      | confirm 6         | R ExceedsHeld               | held 2 confirmed 3
        confirmed+consumed  | confirm           | N AlreadyConfirmed          | confirmed 3 consumed 2
        confirmed+consumed  | confirm 5         | N AlreadyConfirmed          | confirmed 3 consumed 2
        confirmed+consumed  | confirm 6         | R ExceedsHeld               | confirmed 3 consumed 2
        confirmed+released  | confirm 5         | R AlreadyReleased           | confirmed 3 released 2
        expired+confirmed   | confirm           | N AlreadyConfirmed          | confirmed 3 expired 2
        expired+confirmed   | confirm 3         | N AlreadyConfirmed          | confirmed 3 expired 2
        expired+confirmed   | confirm 5         | R AlreadyExpired            | confirmed 3 expired 2

        late expired        | confirm           | ✔ Confirmed                 | confirmed 5 expired 5
        late expired        | confirm 3         | ✔ Confirmed                 | confirmed 3 expired 5
        late expired        | confirm 6         | R AlreadyExpired            | expired 5
        late expired none   | confirm           | R InsufficientAvailability  | expired 5
        late exp. cancelled | confirm           | R AlreadyExpired+Cancelled  | expired 5 cancelled
        late preempted      | confirm           | ✔ Confirmed                 | confirmed 5 preempted 5
        late exp.+confirmed | confirm 5         | ✔ Confirmed                 | confirmed 5 expired 2
        late exp.+confirmed | confirm           | N AlreadyConfirmed          | confirmed 3 expired 2
        late held           | confirm 6         | R ExceedsHeld               | held 5

        none                | release           | N tombstone                 | cancelled
        none                | release 2         | P then R UnknownReservation | -
        none                | release held      | P then R UnknownReservation | -
        waitlisted          | release           | ✔ Released                  | cancelled
        waitlisted          | release 2         | ✔ Released                  | waiting 3
        waitlisted          | release 5         | ✔ Released                  | released
        waitlisted          | release 6         | R ExceedsHeld               | waiting 5
        waitlisted          | release held      | R NotHeld                   | waiting 5
        waitlisted          | release confirmed | R NotConfirmed              | waiting 5
        held                | release           | ✔ Released                  | released 5 cancelled
        held                | release 2         | ✔ Released                  | held 3 released 2
        held                | release held      | ✔ Released                  | released 5
        held                | release 6         | R ExceedsHeld               | held 5
        held                | release confirmed | R NotConfirmed              | held 5
        confirmed           | release           | ✔ Released                  | released 5 cancelled
        confirmed           | release 2         | ✔ Released                  | confirmed 3 released 2
        confirmed           | release held      | R NotHeld                   | confirmed 5
        confirmed           | release 6         | R ExceedsConfirmed          | confirmed 5
        firm confirmed      | release           | R PolicyForbids             | confirmed 5
        firm held+confirmed | release           | R PolicyForbids             | held 2 confirmed 3
        firm held+confirmed | release 2         | ✔ Released                  | confirmed 3 released 2
        firm group          | release group     | ✔ Released                  | released 5 cancelled
        firm confirmed      | release group     | R PolicyForbids             | confirmed 5
        firm committed      | release group     | R PolicyForbids             | confirmed 5
        committed           | release group     | ✔ Released                  | released 5 cancelled
        firm held committed | release group     | R PolicyForbids             | confirmed 5
        firm committed part | release group     | R PolicyForbids             | confirmed 3
        consumed            | release           | R AlreadyConsumed           | consumed 5
        released            | release           | N AlreadyReleased           | released 5 cancelled
        tombstone           | release           | N AlreadyReleased           | cancelled
        expired             | release           | N AlreadyExpired            | expired 5 cancelled
        preempted           | release           | N AlreadyPreempted          | preempted 5 cancelled
        failed              | release           | N tombstone                 | cancelled
        held+confirmed      | release           | ✔ Released                  | released 5 cancelled
        held+confirmed      | release 3         | ✔ Released                  | confirmed 2 released 3
        held+confirmed      | release held      | ✔ Released                  | confirmed 3 released 2
        held+confirmed      | release confirmed | ✔ Released                  | held 2 released 3
        confirmed+consumed  | release           | ✔ Released                  | consumed 2 released 3 cancelled
        expired+confirmed   | release           | ✔ Released                  | released 3 expired 2 cancelled

        none                | consume 2         | P then ✔ OrphanConsumed     | orphaned 2
        waitlisted          | consume 2         | ✔ OrphanConsumed            | waiting 5 orphaned 2
        held                | consume 2         | P then ✔ Consumed           | held 3 consumed 2
        held                | consume 7         | P then ✔ Consumed+orphan    | consumed 5 orphaned 2
        strict held         | consume 2         | P then ✔ OrphanConsumed     | held 5 orphaned 2
        confirmed           | consume 2         | ✔ Consumed                  | confirmed 3 consumed 2
        confirmed           | consume 5         | ✔ Consumed                  | consumed 5
        confirmed           | consume 7         | ✔ Consumed+orphan           | consumed 5 orphaned 2
        consumed            | consume 2         | ✔ OrphanConsumed            | consumed 5 orphaned 2
        released            | consume 2         | ✔ OrphanConsumed            | released 5 orphaned 2 cancelled
        tombstone           | consume 2         | ✔ OrphanConsumed            | orphaned 2 cancelled
        expired             | consume 2         | ✔ OrphanConsumed            | expired 5 orphaned 2
        preempted           | consume 2         | ✔ OrphanConsumed            | preempted 5 orphaned 2
        failed              | consume 2         | ✔ OrphanConsumed            | orphaned 2
        held+confirmed      | consume 3         | ✔ Consumed                  | held 2 consumed 3
        held+confirmed      | consume 4         | P then ✔ Consumed           | held 1 consumed 4
        confirmed+consumed  | consume 4         | ✔ Consumed+orphan           | consumed 5 orphaned 1
        expired+confirmed   | consume 4         | ✔ Consumed+orphan           | consumed 3 expired 2 orphaned 1

        none                | return 2          | ✔ OrphanReturned            | -
        waitlisted          | return 2          | ✔ OrphanReturned            | waiting 5
        held                | return 2          | ✔ OrphanReturned            | held 5
        confirmed           | return 2          | ✔ OrphanReturned            | confirmed 5
        consumed            | return 2          | ✔ Returned                  | consumed 5 returned 2
        consumed            | return 7          | ✔ Returned+orphan           | consumed 5 returned 5
        released            | return 2          | ✔ OrphanReturned            | released 5 cancelled
        expired             | return 2          | ✔ OrphanReturned            | expired 5
        preempted           | return 2          | ✔ OrphanReturned            | preempted 5
        failed              | return 2          | ✔ OrphanReturned            | failed
        orphan              | return 2          | ✔ OrphanReturned            | consumed
        confirmed+consumed  | return 3          | ✔ Returned+orphan           | confirmed 3 consumed 2 returned 2

        none                | extend 20m        | R UnknownReservation        | -
        waitlisted          | extend 20m        | ✔ Extended                  | waiting 5
        held                | extend 20m        | ✔ Extended                  | held 5
        held                | extend 1m         | N ExpiryNotMoved            | held 5
        held                | extend 25h        | R TtlExceedsMaximum         | held 5
        confirmed           | extend 20m        | N NotHeldAnyMore            | confirmed 5
        consumed            | extend 20m        | R AlreadyConsumed           | consumed 5
        released            | extend 20m        | R AlreadyReleased           | released 5 cancelled
        expired             | extend 20m        | R AlreadyExpired            | expired 5
        preempted           | extend 20m        | R AlreadyPreempted          | preempted 5
        failed              | extend 20m        | R NeverHeld                 | failed
        held+confirmed      | extend 20m        | ✔ Extended                  | held 2 confirmed 3
        expired+confirmed   | extend 20m        | N NotHeldAnyMore            | confirmed 3 expired 2

        none                | amend 4           | R UnknownReservation        | -
        waitlisted          | amend 4           | ✔ Amended                   | waiting 4
        waitlisted          | amend 6           | ✔ Amended                   | waiting 6
        held                | amend 5           | N SameQuantity              | held 5
        held                | amend 4           | ✔ Amended                   | held 4 released 1
        held                | amend 20          | ✔ Amended                   | held 20
        held                | amend 21          | R InsufficientAvailability  | held 5
        confirmed           | amend 4           | ✔ Amended                   | confirmed 4 released 1
        firm confirmed      | amend 4           | R PolicyForbids             | confirmed 5
        confirmed           | amend 6           | R NotHeld                   | confirmed 5
        consumed            | amend 4           | R AlreadyConsumed           | consumed 5
        released            | amend 4           | R AlreadyReleased           | released 5 cancelled
        expired             | amend 4           | R AlreadyExpired            | expired 5
        preempted           | amend 4           | R AlreadyPreempted          | preempted 5
        failed              | amend 4           | R NeverHeld                 | failed
        held+confirmed      | amend 4           | ✔ Amended                   | held 1 confirmed 3 released 1
        held+confirmed      | amend 2           | ✔ Amended                   | confirmed 2 released 3
        firm held+confirmed | amend 2           | R PolicyForbids             | held 2 confirmed 3
        held+confirmed      | amend 6           | ✔ Amended                   | held 3 confirmed 3
        confirmed+consumed  | amend 2           | ✔ Amended                   | confirmed 2 consumed 2 released 1
        expired+confirmed   | amend 4           | R NotHeld                   | confirmed 3 expired 2

        none                | split 2           | R UnknownReservation        | -
        waitlisted          | split 2           | ✔ ReservationSplit          | waiting 3
        held                | split 2           | ✔ ReservationSplit          | held 3
        held                | split 5           | R ExceedsHeld               | held 5
        confirmed           | split 2           | ✔ ReservationSplit          | confirmed 3
        confirmed           | split 5           | R ExceedsConfirmed          | confirmed 5
        consumed            | split 2           | R AlreadyConsumed           | consumed 5
        released            | split 2           | R AlreadyReleased           | released 5 cancelled
        expired             | split 2           | R AlreadyExpired            | expired 5
        preempted           | split 2           | R AlreadyPreempted          | preempted 5
        failed              | split 2           | R NeverHeld                 | failed
        held+confirmed      | split 2           | ✔ ReservationSplit          | confirmed 3
        held+confirmed      | split 3           | ✔ ReservationSplit          | confirmed 2
        confirmed+consumed  | split 2           | ✔ ReservationSplit          | confirmed 1 consumed 2
        expired+confirmed   | split 2           | ✔ ReservationSplit          | confirmed 1 expired 2

        none                | reassign          | R UnknownReservation        | -
        waitlisted          | reassign          | ✔ Reassigned                | waiting 5
        held                | reassign          | ✔ Reassigned                | held 5
        confirmed           | reassign          | ✔ Reassigned                | confirmed 5
        consumed            | reassign          | R AlreadyConsumed           | consumed 5
        released            | reassign          | R AlreadyReleased           | released 5 cancelled
        expired             | reassign          | R AlreadyExpired            | expired 5
        preempted           | reassign          | R AlreadyPreempted          | preempted 5
        failed              | reassign          | R NeverHeld                 | failed
        held+confirmed      | reassign          | ✔ Reassigned                | held 2 confirmed 3
        confirmed+consumed  | reassign          | ✔ Reassigned                | confirmed 3 consumed 2
        expired+confirmed   | reassign          | ✔ Reassigned                | confirmed 3 expired 2

        none                | commit g          | P then R UnknownReservation | -
        waitlisted          | commit g          | R NotHeld                   | waiting 5
        held                | commit g          | R OtherGroup                | held 5
        group held          | commit g          | ✔ Confirmed                 | confirmed 5
        group held          | commit other      | R OtherGroup                | held 5
        confirmed           | commit g          | R OtherGroup                | confirmed 5
        group               | commit g          | N GroupCommitted            | confirmed 5
        group               | commit other      | R OtherGroup                | confirmed 5
        committed           | commit g          | N AlreadyCommitted          | confirmed 5
        committed           | commit other      | R OtherGroup                | confirmed 5
        committed           | confirm           | N AlreadyConfirmed          | confirmed 5
        group consumed      | commit g          | N GroupCommitted            | consumed 5
        consumed            | commit g          | R OtherGroup                | consumed 5
        released            | commit g          | R AlreadyReleased           | released 5 cancelled
        expired             | commit g          | R AlreadyExpired            | expired 5
        preempted           | commit g          | R AlreadyPreempted          | preempted 5
        failed              | commit g          | R NeverHeld                 | failed
        held+confirmed      | commit g          | R OtherGroup                | held 2 confirmed 3

        held                | timer             | ✔ Expired                   | expired 5
        held+confirmed      | timer             | ✔ Expired                   | confirmed 3 expired 2
        confirmed           | timer             | nothing                     | confirmed 5
        """;

    public static TheoryData<string, string, string, string> Rows()
    {
        var rows = new TheoryData<string, string, string, string>();
        foreach (var line in Table.Split('\n').Skip(2).Where(l => l.Contains('|', StringComparison.Ordinal)))
        {
            var cells = line.Split('|').Select(c => c.Trim()).ToArray();
            rows.Add(cells[0], cells[1], cells[2], cells[3]);
        }
        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Cell_of_the_table_holds(string given, string command, string outcome, string afterwards)
    {
        var ledger = Given(given);

        var answer = Ask(ledger, command);

        Assert.Equal(outcome, answer);
        Assert.Equal(afterwards, OutcomeText.Of(ledger.Reservation("r"), ledger.NowMs));
        Assert.Equal(ledger.Balances.Held, ledger.State.Reservations.Values.Sum(r => r.Held));
        Assert.Equal(ledger.Balances.Confirmed, ledger.State.Reservations.Values.Sum(r => r.Confirmed));
    }

    private static TestLedger Given(string given)
    {
        var conduct = PolicyVersions.Version0.ConductTable[0] with
        {
            LateConfirm = given.StartsWith("late ", StringComparison.Ordinal),
            IsRevocable = !given.StartsWith("firm ", StringComparison.Ordinal),
            ConsumeFromHeld = !given.StartsWith("strict ", StringComparison.Ordinal),
        };
        var ledger = TestLedger.WithStock(20, policy: PolicyVersions.Version0 with { ConductTable = [conduct] });
        foreach (var step in Steps(given))
        {
            Step(ledger, step);
        }
        return ledger;
    }

    private static string[] Steps(string given)
    {
        var name = given.Replace("late ", "", StringComparison.Ordinal).Replace("firm ", "", StringComparison.Ordinal)
            .Replace("strict ", "", StringComparison.Ordinal).Replace("exp.", "expired", StringComparison.Ordinal);
        return name switch
        {
            "none" => [],
            "waitlisted" => ["put waitlisted"],
            "held" => ["hold 5 again"],
            "confirmed" => ["hold 5 again", "confirm"],
            "group" => ["hold 5 group", "confirm"],
            "committed" => ["hold 5 group", "confirm", "commit g"],
            "group held" => ["hold 5 group"],
            "held committed" => ["hold 5 group", "commit g"],
            "group consumed" => ["hold 5 group", "confirm", "consume 5"],
            "committed part" => ["hold 5 group", "confirm", "commit g", "split 2"],
            "consumed" => ["hold 5 again", "confirm", "consume 5"],
            "orphan" => ["consume 2", "wait"],
            "released" => ["hold 5 again", "release"],
            "tombstone" => ["release"],
            "expired" => ["hold 5 again", "timer"],
            "expired none" => ["hold 5 again", "timer", "rest 20"],
            "expired cancelled" => ["hold 5 again", "timer", "release"],
            "preempted" => ["put preempted"],
            "failed" => ["hold 1000"],
            "held+confirmed" => ["hold 5 again", "confirm 3 keep"],
            "confirmed+consumed" => ["hold 5 again", "confirm", "consume 2"],
            "confirmed+released" => ["hold 5 again", "confirm 3"],
            "expired+confirmed" => ["hold 5 again", "confirm 3 keep", "timer"],
            _ => throw new ArgumentOutOfRangeException(nameof(given), given, "not a state of the table"),
        };
    }

    private static string Ask(TestLedger ledger, string command)
    {
        var answer = Step(ledger, command);
        if (answer is null)
        {
            return "nothing";
        }
        var text = OutcomeText.Of(answer);
        if (text != "P")
        {
            return text;
        }
        var end = ledger.Wait(TimeSpan.FromSeconds(31)).Single(o => o.CommandId == answer.CommandId);
        Assert.False(answer.Original);
        Assert.True(end.Original);
        return $"P then {OutcomeText.Of(end)}";
    }

    private static AllocationOutcome? Step(TestLedger ledger, string step)
    {
        var words = step.Split(' ');
        var number = words.Length > 1 && long.TryParse(words[1], CultureInfo.InvariantCulture, out var parsed)
            ? parsed
            : (long?)null;
        return words[0] switch
        {
            "hold" => Hold(ledger, number!.Value, words[^1] == "group" ? "g" : null),
            "rest" => ledger.Hold("other", number!.Value),
            "confirm" => ledger.Confirm("r", number, words[^1] == "keep" ? Remainder.Keep : Remainder.Release),
            "release" => Release(ledger, number, words[^1]),
            "consume" => ledger.Consume("r", number!.Value),
            "return" => ledger.Return("r", number!.Value),
            "extend" => Extend(ledger, words[1]),
            "amend" => ledger.Run(
                new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = number!.Value }),
            "split" => ledger.Run(new AllocationCommandBody.Split
            {
                ReservationId = "r",
                Parts = [new SplitPart { ReservationId = "part", Quantity = number!.Value }],
            }),
            "reassign" => ledger.Run(
                new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = "another" }),
            "commit" => ledger.Run(
                new AllocationCommandBody.Confirm { ReservationId = "r", CommitGroup = words[1] }),
            "wait" => Last(ledger.Wait(TimeSpan.FromSeconds(31))),
            "timer" => Last(ledger.Wait(TimeSpan.FromMinutes(15))),
            "put" => Put(ledger, words[1]),
            _ => throw new ArgumentOutOfRangeException(nameof(step), step, "not a command of the table"),
        };
    }

    private static AllocationOutcome? Last(IReadOnlyList<AllocationOutcome> outcomes) =>
        outcomes.Count == 0 ? null : outcomes[^1];

    private static AllocationOutcome Hold(TestLedger ledger, long quantity, string? groupId) =>
        ledger.Run(new AllocationCommandBody.Hold { ReservationId = "r", Quantity = quantity, GroupId = groupId });

    private static AllocationOutcome Release(TestLedger ledger, long? quantity, string word) =>
        ledger.Run(new AllocationCommandBody.Release
        {
            ReservationId = "r",
            Quantity = quantity,
            Bucket = word switch
            {
                "held" => ReleaseBucket.Held,
                "confirmed" => ReleaseBucket.Confirmed,
                _ => ReleaseBucket.All,
            },
            Reason = word == "group" ? "GroupAborted" : "test",
        });

    private static AllocationOutcome Extend(TestLedger ledger, string time)
    {
        var number = long.Parse(time.AsSpan(0, time.Length - 1), CultureInfo.InvariantCulture);
        var ttlMs = number * (time[^1] == 'h' ? 3_600_000 : 60_000);
        return ledger.Run(new AllocationCommandBody.Extend { ReservationId = "r", TtlMs = ttlMs });
    }

    // States that only later policies lead to.
    private static AllocationOutcome? Put(TestLedger ledger, string what)
    {
        var reservation = new Reservation { ReservationId = "r", Version = 1, Class = "standard" };
        ledger.State.PutReservation(TestLedger.Pool, what == "waitlisted"
            ? reservation with { Waiting = 5 }
            : reservation with
            {
                Granted = 5,
                Preempted = 5,
                Lapsed = 5,
                HeldTakenBy = Ending.Preempted,
                EndedBy = Ending.Preempted,
                ForgetAtMs = ledger.NowMs + 86_400_000,
            });
        return null;
    }
}
