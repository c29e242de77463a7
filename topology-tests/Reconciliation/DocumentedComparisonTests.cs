using System.Text.RegularExpressions;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Processors.Reconciliation.Orders;
using Alloc.Schemas.Reconciliation;
using Topology.Tests.Catalogue;

namespace Topology.Tests.Reconciliation;

/// <summary>docs/reconciliation.md says what the code does: states of orders, and who repairs what.</summary>
public sealed partial class DocumentedComparisonTests
{
    private static readonly string[] Page = File.ReadAllLines(
        Path.Combine(CatalogueTexts.Root(), "docs/reconciliation.md"));

    [Fact]
    public void Every_order_state_is_on_the_page_with_what_it_expects() => Assert.Equal(
        OrderExpectations.Table.Select(row => (row.Key, row.Value.ToString())),
        Rows("Order states", cells: 2).Where(row => row[0].StartsWith('`'))
            .Select(row => (row[0].Trim('`'), row[1])));

    [Fact]
    public void Every_expectation_is_explained() => Assert.Equal(
        Enum.GetNames<OrderExpectation>(),
        Rows("Order states", cells: 3).Select(row => row[0]).Where(name => name != "expectation"));

    [Fact]
    public void Every_class_is_on_the_page_as_it_is_shipped()
    {
        var page = Rows("Who repairs what", cells: 4).Where(row => row[0].StartsWith('`'))
            .Select(row => (row[0].Trim('`'), row[1]));

        Assert.Equal(
            OperationsCatalogue.Shipped.Classes.Select(
                row => (row.Class.ToString(), $"{Severities.NameOf(row.Severity)}, {row.Owner}")),
            page);
    }

    [Fact]
    public void Whoever_must_want_a_repair_is_named_by_its_kind_and_its_row()
    {
        foreach (var row in Rows("Who repairs what", cells: 4).Where(row => row[0].StartsWith('`')))
        {
            var shipped = OperationsCatalogue.Shipped.Class(Enum.Parse<MismatchClass>(row[0].Trim('`')));
            var kinds = KindName().Matches(row[2]).Select(m => m.Value)
                .Where(word => Enum.TryParse<RepairKind>(word, out _)).Select(Enum.Parse<RepairKind>).Distinct()
                .ToList();
            var expected = kinds is [] ? "exception queue"
                : kinds.Any(Repairs.NeedsSecondApprover) ? "two people"
                : shipped.Repair ? "nobody: by itself" : "one person";

            Assert.Equal((row[0], expected), (row[0], row[3]));
        }
    }

    [Fact]
    public void Every_class_is_compared_on_the_page()
    {
        var compared = Rows("What is compared with what", cells: 6).SelectMany(row => row[5].Split(", ")).Distinct();

        Assert.Equal(
            Enum.GetNames<MismatchClass>().Append("classes").Order(StringComparer.Ordinal),
            compared.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_class_whose_lag_is_measured_is_on_the_page_with_what_is_measured() => Assert.Equal(
        LagFollowing.Measured.Select(c => c.ToString()).Order(StringComparer.Ordinal),
        Rows("Tolerances that follow the lag", cells: 2).Where(row => row[0].StartsWith('`'))
            .SelectMany(row => row[0].Split(", ")).Select(name => name.Trim('`')).Distinct()
            .Order(StringComparer.Ordinal));

    /// <summary>The rows of a section's tables that are so wide, heads included.</summary>
    private static IEnumerable<string[]> Rows(string section, int cells) => Page
        .SkipWhile(line => line != $"## {section}").Skip(1)
        .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal)
            && !line.StartsWith("| ---", StringComparison.Ordinal))
        .Select(line => line.Trim('|', ' ').Split(" | ")).Where(row => row.Length == cells);

    [GeneratedRegex("[A-Z][A-Za-z]+")]
    private static partial Regex KindName();
}
