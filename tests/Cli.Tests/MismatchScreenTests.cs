using System.Text.Json.Nodes;
using Alloc.Cli.Commands.Reconciliation;

namespace Cli.Tests;

/// <summary>What people read of a mismatch.</summary>
public sealed class MismatchScreenTests
{
    /// <summary>What was tolerated, what was measured, and the words for it.</summary>
    public static TheoryData<string, string> Tolerances => new()
    {
        { """{"toleranceMs": 0, "toleranceRule": "none"}""", "nothing was tolerated" },
        { """{"toleranceMs": 60000, "toleranceRule": "class", "lag": null}""", "1 min were tolerated (class)" },
        {
            """
            {"toleranceMs": 46000, "toleranceRule": "lag",
             "lag": {"p99Ms": 23000, "pairs": 4312, "isFollowed": true, "graceMs": 0}}
            """,
            "46 s were tolerated (twice the p99 of 23 s over 4,312 pairs)"
        },
        {
            """
            {"toleranceMs": 106000, "toleranceRule": "lag",
             "lag": {"p99Ms": 23000, "pairs": 4312, "isFollowed": true, "graceMs": 60000}}
            """,
            "1 min 46 s were tolerated (twice the p99 of 23 s over 4,312 pairs, and 1 min of grace)"
        },
        {
            """
            {"toleranceMs": 10000, "toleranceRule": "lag",
             "lag": {"p99Ms": 2000, "pairs": 100, "isFollowed": true, "graceMs": 0}}
            """,
            "10 s were tolerated (twice the p99 of 2.0 s over 100 pairs, at least 10 s)"
        },
        {
            """
            {"toleranceMs": 600000, "toleranceRule": "lag",
             "lag": {"p99Ms": 400000, "pairs": 100, "isFollowed": true, "graceMs": 0}}
            """,
            "10 min were tolerated (twice the p99 of 6 min 40 s over 100 pairs, at most 10 min)"
        },
        {
            """
            {"toleranceMs": 30000, "toleranceRule": "stage InventoryHoldPending",
             "lag": {"p99Ms": 2000, "pairs": 12, "isFollowed": false, "graceMs": 0}}
            """,
            "30 s were tolerated (stage InventoryHoldPending; 12 pairs are too few to follow their lag)"
        },
    };

    [Theory]
    [MemberData(nameof(Tolerances))]
    public void What_was_tolerated_is_said_with_the_number_that_it_follows(string mismatch, string words) =>
        Assert.Equal(words, MismatchScreens.Tolerance(JsonNode.Parse(mismatch)!.AsObject()));
}
