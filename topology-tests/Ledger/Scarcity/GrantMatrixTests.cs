using Alloc.Processors.Allocation.Ledger.Scarcity;
using Alloc.Schemas.Allocation;
using Topology.Tests.Model;

namespace Topology.Tests.Ledger.Scarcity;

/// <summary>
/// Every cell of <c>grants.md</c>, what bars grants by the way to a grant, is a test against a real ledger; nothing
/// that the code knows is without a row or a column, and nothing bars only some ways without a reason.
/// </summary>
public sealed class GrantMatrixTests
{
    private const string Reason = "where it does not";
    private static readonly ReadableTables Tables = new("Scarcity/grants.md");

    // An entry Held from FREE is a grant; so is what another customer gets, without one.
    private static readonly Dictionary<string, string[]> WaysOf = new()
    {
        [nameof(AllocationOutcomeEvent.Held)] =
            ["Hold", "Hold of lines", "Hold of classes", "Hold that may wait"],
        [nameof(AllocationOutcomeEvent.Amended)] = ["Amend up"],
        [nameof(AllocationOutcomeEvent.Confirmed)] = ["late Confirm", "Confirm of more"],
        [nameof(AllocationOutcomeEvent.Promoted)] = ["promotion", "turn to take"],
        [nameof(AllocationOutcomeEvent.Imported)] = ["Import"],
    };

    public static TheoryData<string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var cell in Tables.Cells.Where(c => c.Column != Reason))
        {
            cells.Add(new TheoryDataRow<string, string, string>(cell.Row, cell.Column, cell.Text)
            {
                TestDisplayName = $"{cell.Column}, when there is {cell.Row}: {cell.Text}",
            });
        }
        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Cell_holds(string bar, string way, string result) =>
        Assert.Equal(result, GrantScenario.Ask(bar, way));

    [Fact]
    public void Every_way_leads_to_a_grant_where_nothing_bars_it() => Assert.All(
        Tables.Cells.Where(c => c.Row == GrantScenario.NoBar && c.Column != Reason),
        cell => Assert.Equal("✔", cell.Text));

    [Fact]
    public void Every_row_has_a_cell_for_every_way()
    {
        var rows = Tables.Cells.Select(c => c.Row).Distinct().Count();
        var columns = Tables.Cells.Select(c => c.Column).Distinct().Count();

        Assert.Equal(rows * columns, Tables.Cells.Select(c => (c.Row, c.Column)).Distinct().Count());
        Assert.Equal(rows * columns, Tables.Cells.Count);
    }

    [Fact]
    public void Every_bar_that_the_code_knows_has_a_row() => Assert.Equal(
        Enum.GetValues<GrantBar>().Order(),
        Tables.Cells.Select(c => GrantScenario.BarOf(c.Row)).Distinct().Order());

    [Fact]
    public void What_bars_not_every_way_says_why()
    {
        foreach (var row in Tables.Cells.GroupBy(c => c.Row).Where(r => r.Key != GrantScenario.NoBar))
        {
            var isEverywhere = row.Where(c => c.Column != Reason).All(c => c.Text is not ("✔" or ""));
            var reason = row.Single(c => c.Column == Reason).Text;
            Assert.True(isEverywhere == (reason.Length == 0), $"{row.Key}: '{reason}'");
        }
    }

    [Fact]
    public void No_history_grants_units_by_a_way_without_a_column()
    {
        var random = new Random(11);
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var policy in ModelPolicies.Decided)
        {
            for (var count = 0; count < 40; count++)
            {
                var run = new LedgerRun(policy.Write());
                foreach (var line in Histories.Write(policy, random, 60).Prepend("supply 10 erp=1"))
                {
                    run.Run(new ScriptLine(line));
                }
                found.UnionWith(run.Journal.Where(o => o.Entries.Any(IsGrant)).Select(o => o.Event.GetType().Name));
            }
        }

        Assert.Subset(WaysOf.Keys.ToHashSet(), found);
        Assert.Superset(WaysOf.Keys.Except([nameof(AllocationOutcomeEvent.Imported)]).ToHashSet(), found);
        var ways = Tables.Cells.Select(c => c.Column).ToHashSet();
        Assert.Superset(WaysOf.Values.SelectMany(w => w).ToHashSet(), ways);
    }

    private static bool IsGrant(LedgerEntry entry) => entry is { Kind: EntryKind.Held, From: Account.Free };

    [Fact]
    public void Documentation_has_the_same_table() => Assert.True(Tables.AreDocumented());
}
