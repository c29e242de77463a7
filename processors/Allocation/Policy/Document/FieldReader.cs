using System.Globalization;
using Alloc.Processors.Notation;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>
/// Takes the fields out of an object of the document, each with its type and range, and collects what is wrong. A
/// field that is wrong reads as a harmless value: nothing is made of a document with errors.
/// </summary>
internal sealed class FieldReader(PolicyNode node, string path, ProblemList problems)
{
    public const int MaximumTextLength = 256;
    private readonly List<string> known = [];

    public PolicyNode Node => node;

    public string Path => path;

    public bool Has(string name) => node[name] is { Kind: not NodeKind.Null };

    /// <summary>A text that is not empty and not too long.</summary>
    public string Text(string name)
    {
        if (Take(name, "a text") is not { } value)
        {
            return "";
        }
        if (value.Kind != NodeKind.Text)
        {
            Wrong(name, value, "is no text", value.Kind is NodeKind.Number or NodeKind.Boolean
                ? "Write it in quotes." : "Write a text.");
            return "";
        }
        if (value.Text.Length is 0 or > MaximumTextLength)
        {
            Wrong(name, value, value.Text.Length == 0 ? "is empty" : $"has {value.Text.Length} characters",
                $"Write 1 to {MaximumTextLength} characters.");
        }
        return value.Text;
    }

    public string? OptionalText(string name) => Optional(name) ? Text(name) : null;

    public PoolPattern Pools(string name)
    {
        var text = Text(name);
        var star = text.IndexOf('*', StringComparison.Ordinal);
        if (star >= 0 && star < text.Length - 1)
        {
            Wrong(name, node[name]!, "has a * that is not its end",
                "Write one pool's id, or the beginning of several and a * (seats-*).");
        }
        if (text.StartsWith('$'))
        {
            Wrong(name, node[name]!, "is reserved", "No pool's id begins with $; write another.");
        }
        return new PoolPattern(text);
    }

    public long Whole(string name, long minimum, long maximum)
    {
        if (Take(name, "a number") is not { } value)
        {
            return minimum;
        }
        if (value.Kind != NodeKind.Number || !Int128.TryParse(
            value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            Wrong(name, value, "is no whole number", $"Write a number from {minimum} to {maximum}, without quotes.");
            return minimum;
        }
        if (number < minimum || number > maximum)
        {
            Wrong(name, value, "is out of range", $"Write a number from {minimum} to {maximum}.");
            return minimum;
        }
        return (long)number;
    }

    public long Whole(string name, long minimum, long maximum, long byDefault) =>
        Optional(name) ? Whole(name, minimum, maximum) : byDefault;

    public long Duration(string name, long minimumMs, long maximumMs)
    {
        if (Take(name, "a duration") is not { } value)
        {
            return minimumMs;
        }
        if (value.Kind != NodeKind.Text || DurationText.Parse(value.Text) is not { } ms)
        {
            Wrong(name, value, "is no duration", $"Write a number and a unit: {DurationText.Forms}.");
            return minimumMs;
        }
        if (ms < minimumMs || ms > maximumMs)
        {
            Wrong(name, value, "is out of range",
                $"Write {DurationText.Show(minimumMs)} to {DurationText.Show(maximumMs)}.");
            return minimumMs;
        }
        return ms;
    }

    public long Duration(string name, long minimumMs, long maximumMs, long byDefaultMs) =>
        Optional(name) ? Duration(name, minimumMs, maximumMs) : byDefaultMs;

    public bool Flag(string name, bool byDefault)
    {
        if (!Optional(name))
        {
            return byDefault;
        }
        var value = node[name]!;
        if (value.Kind != NodeKind.Boolean)
        {
            Wrong(name, value, "is neither true nor false", "Write true or false, without quotes.");
        }
        return value.Text == "true";
    }

    public T Word<T>(string name)
        where T : struct, Enum
    {
        if (Take(name, "a word") is not { } value)
        {
            return default;
        }
        foreach (var symbol in Enum.GetValues<T>())
        {
            if (value.Kind == NodeKind.Text && value.Text == Words.Of(symbol))
            {
                return symbol;
            }
        }
        Wrong(name, value, "is not known here", $"Write {Words.List<T>()}.");
        return default;
    }

    public T Word<T>(string name, T byDefault)
        where T : struct, Enum => Optional(name) ? Word<T>(name) : byDefault;

    /// <summary>Texts that are all different.</summary>
    public ValueList<string> Texts(string name, int maximum)
    {
        var texts = new List<string>();
        foreach (var (item, itemPath) in Items(name, maximum))
        {
            if (item.Kind != NodeKind.Text || item.Text.Length is 0 or > MaximumTextLength)
            {
                problems.Error(item, itemPath, $"{item.Shown} is no text of 1 to {MaximumTextLength} characters.",
                    "Write a name, in quotes if it looks like a number.");
            }
            else if (texts.Contains(item.Text))
            {
                problems.Error(item, itemPath, $"{item.Shown} is in the list twice.", "Keep one of them.");
            }
            texts.Add(item.Text);
        }
        return new ValueList<string>([.. texts]);
    }

    /// <summary>The fields of an object that has names of the author's own.</summary>
    public IEnumerable<PolicyField> Named(string name)
    {
        if (!Optional(name))
        {
            return [];
        }
        var value = node[name]!;
        if (value.Kind == NodeKind.Object)
        {
            return value.Fields!;
        }
        Wrong(name, value, "is no object", "Write names and values.");
        return [];
    }

    /// <summary>The objects of a list, each with a reader; an absent list is empty.</summary>
    public IEnumerable<FieldReader> Objects(string name, int maximum)
    {
        if (!Optional(name))
        {
            yield break;
        }
        foreach (var (item, itemPath) in Items(name, maximum))
        {
            if (item.Kind != NodeKind.Object)
            {
                problems.Error(item, itemPath, $"{item.Shown} is no row.", "Write an object with the row's fields.");
                continue;
            }
            yield return new FieldReader(item, itemPath, problems);
        }
    }

    public FieldReader? Object(string name)
    {
        if (!Optional(name))
        {
            return null;
        }
        var value = node[name]!;
        if (value.Kind == NodeKind.Object)
        {
            return new FieldReader(value, Below(name), problems);
        }
        Wrong(name, value, "is no object", "Write names and values.");
        return null;
    }

    /// <summary>Says that a field which is there makes no sense beside another.</summary>
    public void Forbid(string name, string reason)
    {
        if (Optional(name))
        {
            problems.Error(node[name]!, Below(name), $"The field does not go with {reason}.", "Remove it.");
        }
    }

    /// <summary>Names every field that was not asked for.</summary>
    public void Finish()
    {
        foreach (var field in node.Fields ?? [])
        {
            if (!known.Contains(field.Name))
            {
                problems.Error(
                    field.Line, field.Column, Below(field.Name), field.Value.Shown, "This field is not known here.",
                    $"Known are {string.Join(", ", known.Distinct().Order(StringComparer.Ordinal))}.");
            }
        }
    }

    public void Error(string name, string message, string remedy) =>
        problems.Error(node[name] ?? node, Below(name), message, remedy);

    public void Note(string name, string message, string remedy) =>
        problems.Note(node[name] ?? node, Below(name), message, remedy);

    private IEnumerable<(PolicyNode Item, string Path)> Items(string name, int maximum)
    {
        if (Take(name, "a list") is not { } value)
        {
            yield break;
        }
        if (value.Kind != NodeKind.List)
        {
            Wrong(name, value, "is no list", "Write a list.");
            yield break;
        }
        if (value.Items!.Count > maximum)
        {
            problems.Error(value, Below(name), $"The list has {value.Items.Count} entries; it may have {maximum}.",
                "Write fewer.");
            yield break;
        }
        for (var index = 0; index < value.Items.Count; index++)
        {
            yield return (value.Items[index], string.Create(CultureInfo.InvariantCulture, $"{Below(name)}[{index}]"));
        }
    }

    /// <summary>Whether there is a field that need not be.</summary>
    public bool Optional(string name)
    {
        known.Add(name);
        return Has(name);
    }

    private PolicyNode? Take(string name, string expected)
    {
        if (Optional(name))
        {
            return node[name];
        }
        problems.Error(node, Below(name), "The field is missing.", $"Write {expected}.");
        return null;
    }

    private void Wrong(string name, PolicyNode value, string what, string remedy) =>
        problems.Error(value, Below(name), $"{value.Shown} {what}.", remedy);

    private string Below(string name) => path.Length == 0 ? name : $"{path}.{name}";
}
