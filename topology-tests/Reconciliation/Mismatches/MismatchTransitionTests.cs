using Alloc.Schemas.Reconciliation;
using static Topology.Tests.Reconciliation.Mismatches.MismatchDriver;

namespace Topology.Tests.Reconciliation.Mismatches;

/// <summary>Every state that a mismatch can be in, with everything that can happen to it.</summary>
public sealed class MismatchTransitionTests
{
    // A cell: the state afterwards and what is told. "=": nothing at all. A word in small letters: as below.
    private const string Words = """
        state        | stands   | changed                   | ended    | done | rejected
        None         | opened   | opened                    | =        | =    | =
        Queued       | =        | Open Changed              | closed   | =    | =
        Waiting      | approved | Approved Changed Approved | closed   | =    | =
        Unproven     | approved | Approved Changed Approved | repaired | =    | =
        Exhausted    | =        | Open Changed              | closed   | =    | =
        NotWanted    | =        | Open Changed              | closed   | =    | =
        Proposed     | =        | Proposed Changed          | closed   | =    | =
        TwoNeeded    | =        | Proposed Changed          | closed   | =    | =
        Asked        | =        | Proposed Changed          | closed   | =    | =
        AskedBySame  | =        | Proposed Changed          | closed   | =    | =
        Approved     | =        | Approved Changed          | closed   | =    | =
        Repairing    | =        | Repairing Changed         | repaired | =    | Open RepairRefused
        Answered     | =        | Repairing Changed         | repaired | =    | =
        Accepted     | =        | Accepted Changed          | closed   | =    | =
        Repaired     | =        | =                         | =        | =    | =
        ClosedBySelf | =        | =                         | =        | =    | =
        """;

    private const string Decisions = """
        state        | approve  | reject  | accept   | assign             | unknown
        None         | refused  | refused | refused  | refused            | refused
        Queued       | refused  | refused | accepted | Open Assigned      | refused
        Waiting      | refused  | queued  | accepted | Open Assigned      | refused
        Unproven     | refused  | queued  | accepted | Open Assigned      | refused
        Exhausted    | refused  | refused | accepted | Open Assigned      | refused
        NotWanted    | refused  | refused | accepted | Open Assigned      | refused
        Proposed     | approved | queued  | accepted | Proposed Assigned  | refused
        TwoNeeded    | asked    | queued  | accepted | Proposed Assigned  | refused
        Asked        | approved | queued  | accepted | Proposed Assigned  | refused
        AskedBySame  | refused  | queued  | accepted | Proposed Assigned  | refused
        Approved     | refused  | queued  | accepted | Approved Assigned  | refused
        Repairing    | refused  | refused | refused  | Repairing Assigned | refused
        Answered     | refused  | refused | refused  | Repairing Assigned | refused
        Accepted     | refused  | refused | accepted | Accepted Assigned  | refused
        Repaired     | refused  | refused | refused  | refused            | refused
        ClosedBySelf | refused  | refused | refused  | refused            | refused
        """;

    private static readonly Dictionary<string, string> Meanings = new(StringComparer.Ordinal)
    {
        ["opened"] = "Proposed Opened Proposed",
        ["approved"] = "Approved Approved",
        ["asked"] = "Proposed Proposed",
        ["queued"] = "Open Rejected Queued",
        ["accepted"] = "Accepted Accepted",
        ["closed"] = "ClosedBySelf ClosedBySelf",
        ["repaired"] = "Repaired Repaired",
    };

    public static TheoryData<string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var table in new[] { Words, Decisions })
        {
            var lines = table.Split('\n').Select(l => l.Split('|', StringSplitOptions.TrimEntries)).ToList();
            foreach (var line in lines.Skip(1))
            {
                for (var column = 1; column < line.Length; column++)
                {
                    cells.Add(line[0], lines[0][column], line[column]);
                }
            }
        }
        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Each_state_meets_each_input(string state, string input, string expected)
    {
        using var keeper = new MismatchDriver();
        Prepare(keeper, state);
        var stateBefore = keeper.Kept("m1")?.Mismatch.State;
        var eventsBefore = keeper.Events().Count;
        var before = keeper.Kept("m1");

        Apply(keeper, state, input);

        var told = keeper.Events().Skip(eventsBefore).Select(e => e.Kind.ToString());
        var stateAfter = keeper.Kept("m1")?.Mismatch.State;
        var parts = expected switch
        {
            "=" => [$"{stateBefore}"],
            "refused" => [$"{stateBefore}", "DecisionRefused"],
            _ => Meanings.GetValueOrDefault(expected, expected).Split(' '),
        };
        Assert.Equal(parts[1..], told);
        Assert.Equal(parts[0], $"{stateAfter}");
        if (expected is "=" or "refused" && input != "done")
        {
            Assert.Equal(before?.TimerAtMs, keeper.Kept("m1")?.TimerAtMs);
            Assert.Equal(before?.Mismatch.ChangedAtMs, keeper.Kept("m1")?.Mismatch.ChangedAtMs);
        }
    }

    private static void Prepare(MismatchDriver keeper, string state)
    {
        if (state == "None")
        {
            return;
        }
        keeper.Say(First(state));
        switch (state)
        {
            case "NotWanted":
                keeper.Decide("m1", DecisionKind.Reject);
                break;
            case "Approved":
                keeper.Decide("m1", DecisionKind.Approve);
                break;
            case "Accepted":
                keeper.Decide("m1", DecisionKind.Accept, untilMs: keeper.NowMs + 86_400_000);
                break;
            case "Asked":
                keeper.Decide("m1", DecisionKind.Approve, "anna");
                break;
            case "AskedBySame":
                keeper.Decide("m1", DecisionKind.Approve, "ben");
                break;
            case "Repairing" or "Answered" or "Waiting" or "Unproven" or "Repaired" or "Exhausted":
                PrepareSent(keeper, state);
                break;
            case "ClosedBySelf":
                keeper.End("m1");
                break;
            default:
                break;
        }
    }

    private static void PrepareSent(MismatchDriver keeper, string state)
    {
        keeper.Pass(TimeSpan.FromSeconds(61));
        switch (state)
        {
            case "Answered":
                keeper.Answer("m1", 1);
                break;
            case "Waiting":
                keeper.Answer("m1", 1, "Rejected", "VersionMismatch");
                break;
            case "Unproven":
                keeper.Pass(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(5));
                break;
            case "Repaired":
                keeper.End("m1");
                break;
            case "Exhausted":
                for (var attempt = 1; attempt <= 3; attempt++)
                {
                    keeper.Answer("m1", attempt, "Rejected", "VersionMismatch");
                    keeper.Say(First(state));
                    keeper.Pass(TimeSpan.FromSeconds(61));
                }
                break;
            default:
                break;
        }
    }

    private static Difference First(string state) => state switch
    {
        "Queued" => Stands("m1"),
        "TwoNeeded" or "Asked" or "AskedBySame" => Stands("m1", Dead, Force()),
        "Repairing" or "Answered" or "Waiting" or "Unproven" or "Repaired" or "Exhausted" =>
            Stands("m1", Late, Tick()),
        _ => Stands("m1", repair: Release()),
    };

    private static void Apply(MismatchDriver keeper, string state, string input)
    {
        switch (input)
        {
            case "stands":
                keeper.Say(First(state));
                break;
            case "changed":
                keeper.Say(First(state) with { Right = Side("ledger", 5) });
                break;
            case "ended":
                keeper.End("m1");
                break;
            case "done":
                keeper.Answer("m1", 1);
                break;
            case "rejected":
                keeper.Answer("m1", 1, "Rejected", "VersionMismatch");
                break;
            default:
                keeper.Decide("m1", Enum.Parse<DecisionKind>(input, ignoreCase: true), "ben");
                break;
        }
    }
}
