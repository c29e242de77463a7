namespace Topology.Tests.Ledger;

/// <summary>One cell of the readable transition table.</summary>
public sealed record TransitionCell(string Command, string State, string Result)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Command}, when it is {State}: {Result}";
}

/// <summary>The readable transition table, <c>transitions.md</c>.</summary>
internal static class TransitionMatrix
{
    public static ReadableTables Tables { get; } = new("transitions.md");

    public static IReadOnlyList<TransitionCell> Cells { get; } =
        [.. Tables.Cells.Select(c => new TransitionCell(c.Row, c.Column, c.Text))];
}
