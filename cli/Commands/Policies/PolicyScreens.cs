using Alloc.Cli.CommandLine;
using Alloc.Cli.Outcomes;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Policies;

/// <summary>What commands about policies show alike.</summary>
internal static class PolicyScreens
{
    /// <summary>A row for each partition.</summary>
    public static void Answers(CommandContext context, IReadOnlyList<PartitionAnswer> answers) => context.Screen.Rows(
        [.. answers.Select(answer => answer.Json())],
        Column.Number("PARTITION", "partition"),
        new Column("POLICY", row => Words.Spaced(Column.Show(row["stand"])))
        {
            Style = row => Column.Show(row["stand"]) switch
            {
                nameof(PartitionStand.InForce) => "green",
                nameof(PartitionStand.Rejected) => "red",
                nameof(PartitionStand.Unanswered) => "yellow",
                _ => null,
            },
        },
        Column.Text("EFFECTIVE", "effectiveAt"),
        Column.Text("DETAIL", "detail"));
}
