using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace EndToEnd.Tests.Monitoring;

/// <summary>
/// Which labels the series of an expression have, as far as that can be told without data; and which labels an
/// expression asks for, in a matcher or a clause, that its series do not have: Prometheus answers such a question with
/// nothing, and never with an error.
/// </summary>
/// <param name="labelsOf">The labels of a series by its name; null where any may be there.</param>
internal sealed partial class PromQlLabels(Func<string, IReadOnlySet<string>?> labelsOf)
{
    private static readonly string[] Aggregations =
        ["sum", "max", "min", "avg", "count", "group", "topk", "bottomk", "stddev", "quantile"];

    private readonly List<string> problems = [];
    private List<string> tokens = [];
    private int at;

    /// <summary>What was wrong in what was read so far.</summary>
    public IReadOnlyList<string> Problems => problems;

    private string Next => at < tokens.Count ? tokens[at] : "";

    /// <summary>The labels of an expression's series; null where any may be there, or it is a number.</summary>
    public ImmutableHashSet<string>? Read(string expression)
    {
        tokens = [.. Token().Matches(expression).Select(m => m.Value)];
        at = 0;
        var labels = Binary(1);
        Assert.True(at == tokens.Count, $"'{Next}' is not understood in: {expression}");
        return labels;
    }

    private ImmutableHashSet<string>? Binary(int least)
    {
        var left = Operand();
        while (Precedence(Next) is var precedence && precedence >= least)
        {
            var by = Take();
            _ = TryTake("bool");
            var on = TryTake("on") ? Labels() : null;
            var added = TryTake("group_left") ? Next == "(" ? Labels() : [] : null;
            var right = Binary(precedence + 1);
            Check(on, left, by);
            Check(on, right, by);
            Check(added, right, "group_left");
            left = Combine(by, on, added, left, right);
        }
        return left;
    }

    private static ImmutableHashSet<string>? Combine(
        string by, ImmutableHashSet<string>? on, ImmutableHashSet<string>? added, ImmutableHashSet<string>? left,
        ImmutableHashSet<string>? right) => by switch
        {
            "or" => left is null || right is null ? left ?? right : left.Intersect(right),
            "and" or "unless" => left,
            _ when added is not null => left?.Union(added),
            _ => on ?? left ?? right,
        };

    private ImmutableHashSet<string>? Operand()
    {
        var first = Take();
        ImmutableHashSet<string>? labels = null;
        if (first == "(")
        {
            labels = Binary(1);
            Expect(")");
        }
        else if (Aggregations.Contains(first))
        {
            labels = Aggregate(first);
        }
        else if (Next == "(" && !first.StartsWith("alloc_", StringComparison.Ordinal))
        {
            labels = Call(first);
        }
        else if (char.IsAsciiLetter(first[0]))
        {
            labels = Select(first);
        }
        while (Next.StartsWith('[') || Next == "offset")
        {
            if (Take() == "offset")
            {
                Take();
            }
        }
        return labels;
    }

    private ImmutableHashSet<string>? Select(string name)
    {
        var labels = labelsOf(name)?.ToImmutableHashSet();
        if (TryTake("{"))
        {
            while (!TryTake("}"))
            {
                Check([Take()], labels, name);
                at += 2;
                _ = TryTake(",");
            }
        }
        return labels;
    }

    private ImmutableHashSet<string> Aggregate(string name)
    {
        var by = TryTake("by") ? Labels() : null;
        var labels = Arguments();
        by ??= TryTake("by") ? Labels() : null;
        Check(by, labels, name);
        return by ?? [];
    }

    private ImmutableHashSet<string>? Call(string name)
    {
        var labels = Arguments();
        return name switch
        {
            "vector" or "absent" => [],
            "histogram_quantile" => labels?.Remove("le"),
            _ => labels,
        };
    }

    /// <summary>The labels of the argument that has series: at most one has.</summary>
    private ImmutableHashSet<string>? Arguments()
    {
        Expect("(");
        ImmutableHashSet<string>? labels = null;
        while (!TryTake(")"))
        {
            labels = Binary(1) ?? labels;
            _ = TryTake(",");
        }
        return labels;
    }

    private ImmutableHashSet<string> Labels()
    {
        Expect("(");
        var labels = ImmutableHashSet.CreateBuilder<string>();
        while (!TryTake(")"))
        {
            labels.Add(Take());
            _ = TryTake(",");
        }
        return labels.ToImmutable();
    }

    private void Check(ImmutableHashSet<string>? asked, ImmutableHashSet<string>? there, string by)
    {
        foreach (var label in asked?.Where(l => there?.Contains(l) == false) ?? [])
        {
            problems.Add($"{by} asks for {label}, there are {string.Join(", ", there!.Order())}: "
                + string.Join(' ', tokens));
        }
    }

    private string Take() => tokens[at++];

    private bool TryTake(string token)
    {
        var isNext = Next == token;
        at += isNext ? 1 : 0;
        return isNext;
    }

    private void Expect(string token) =>
        Assert.True(TryTake(token), $"'{token}' is missing before '{Next}' in: {string.Join(' ', tokens)}");

    private static int Precedence(string token) => token switch
    {
        "or" => 1,
        "and" or "unless" => 2,
        "==" or "!=" or ">" or "<" or ">=" or "<=" => 3,
        "+" or "-" => 4,
        "*" or "/" or "%" => 5,
        _ => 0,
    };

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"|\[[^\]]*\]|[0-9][0-9.a-z]*|[A-Za-z_:][A-Za-z0-9_:]*|=~|!~|[=!<>]=|[-+*/%(){},<>=]
        """)]
    private static partial Regex Token();
}
