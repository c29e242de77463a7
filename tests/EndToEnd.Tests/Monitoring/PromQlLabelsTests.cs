namespace EndToEnd.Tests.Monitoring;

/// <summary>The reader of labels finds what Prometheus would pass over in silence.</summary>
public sealed class PromQlLabelsTests
{
    [Theory]
    [InlineData("a", "x, y")]
    [InlineData("sum(a)", "")]
    [InlineData("max by (x) (a{y=\"1\"})", "x")]
    [InlineData("sum by (x, y) ((a unless a offset 10m) or increase(a[10m])) > 0", "x, y")]
    [InlineData("histogram_quantile(0.99, sum by (le) (rate(h_bucket[5m])))", "")]
    [InlineData("sum by (x) (a) / (sum by (x) (a) > 0)", "x")]
    [InlineData("(b > 0.1) * on (x) group_left (owner) info", "owner, x")]
    [InlineData("b and on (x) a >= 20", "x")]
    [InlineData("0.2 * group by (x) (a) unless on (x) info{owner=\"o\"}", "x")]
    [InlineData("count(any{whatever=\"1\"}) or vector(0)", "")]
    [InlineData("sum(b) by (x)", "x")]
    public void Labels_are_those_that_the_answer_has(string expression, string labels)
    {
        var reader = Reader();

        var read = reader.Read(expression);

        Assert.Empty(reader.Problems);
        Assert.Equal(labels, string.Join(", ", read!.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("a{z=\"1\"}", "z")]
    [InlineData("sum by (x, z) (rate(a[5m]))", "z")]
    [InlineData("max by (y) (sum by (x) (a))", "y")]
    [InlineData("sum by (le) (a)", "le")]
    [InlineData("b and on (y) a", "y")]
    [InlineData("b * on (x) group_left (owner) a", "owner")]
    [InlineData("max by (y) (a or b)", "y")]
    public void A_label_that_is_asked_for_and_is_not_there_is_found(string expression, string label)
    {
        var reader = Reader();

        reader.Read(expression);

        Assert.Contains($"asks for {label},", Assert.Single(reader.Problems), StringComparison.Ordinal);
    }

    private static PromQlLabels Reader() => new(name => name switch
    {
        "a" => new HashSet<string> { "x", "y" },
        "b" => new HashSet<string> { "x" },
        "info" => new HashSet<string> { "x", "owner" },
        "h_bucket" => new HashSet<string> { "x", "le" },
        _ => null,
    });
}
