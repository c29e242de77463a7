using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger;

/// <summary>
/// Every cell of <c>transitions.md</c> is a test against a real ledger; nothing that the code knows is without a cell.
/// </summary>
public sealed class TransitionMatrixTests
{
    public static TheoryData<string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var cell in TransitionMatrix.Cells)
        {
            cells.Add(new TheoryDataRow<string, string, string>(cell.Command, cell.State, cell.Result)
            {
                TestDisplayName = cell.ToString(),
            });
        }
        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Cell_holds(string command, string state, string result)
    {
        var ledger = TransitionScenario.Given(state);

        var answer = TransitionScenario.Ask(ledger, command);

        Assert.Equal(result, answer);
    }

    [Fact]
    public void Every_command_has_a_row()
    {
        var rows = TransitionMatrix.Cells.Select(c => c.Command.Split([' ', ',', ':'])[0]).ToHashSet();

        Assert.All(
            Enum.GetValues<CommandKind>().Where(k => k != CommandKind.Unknown),
            kind => Assert.Contains(kind.ToString(), rows));
    }

    [Fact]
    public void Every_status_has_a_column_and_so_have_pairs_of_units()
    {
        var columns = TransitionMatrix.Cells.Select(c => c.State).ToHashSet();

        Assert.All(
            Enum.GetNames<ReservationStatus>().Select(n => n.ToLowerInvariant()),
            status => Assert.Contains(status, columns));
        Assert.Superset(
            new HashSet<string> { "held+confirmed", "confirmed+consumed", "expired+confirmed" }, columns);
    }

    [Fact]
    public void Every_row_has_a_cell_for_every_column()
    {
        var cells = TransitionMatrix.Cells;
        var rows = cells.Select(c => c.Command).Distinct().Count();
        var columns = cells.Select(c => c.State).Distinct().Count();

        Assert.Equal(rows * columns, cells.Select(c => (c.Command, c.State)).Distinct().Count());
        Assert.Equal(rows * columns, cells.Count);
        Assert.All(cells, c => Assert.NotEmpty(c.Result));
    }

    [Fact]
    public void Documentation_has_the_same_table() => Assert.True(TransitionMatrix.Tables.AreDocumented());

    [Theory]
    [MemberData(nameof(States))]
    public void Given_state_is_the_one_that_its_column_names(string state, string status)
    {
        var ledger = TransitionScenario.Given(state);

        Assert.Equal(
            status, ReservationStatuses.Of(ledger.Reservation("r"), ledger.NowMs).ToString().ToLowerInvariant());
    }

    public static TheoryData<string, string> States() =>
    [
        .. TransitionMatrix.Cells.Select(c => c.State).Distinct().Select(s => new TheoryDataRow<string, string>(
            s, s == "held+confirmed" ? "held" : s.Split('+')[0] == "expired" && s != "expired" ? "confirmed"
            : s.Split('+')[0])),
    ];
}
