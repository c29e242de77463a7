using System.Globalization;
using Alloc.Processors.Notation;

namespace Alloc.Processors.Documents;

/// <summary>
/// Takes the fields out of an object of the document, each with its type and range, and collects what is wrong. A
/// field that is wrong reads as a harmless value: nothing is made of a document with errors.
/// </summary>
internal sealed class FieldReader(DocumentNode node, string path, ProblemList problems)
{
    public const int MaximumTextLength = 256;
    private readonly List<string> known = [];

    public DocumentNode Node => node;

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

    /// <summary>A text that obeys rules of its own.</summary>
    /// <param name="name">The field.</param>
    /// <param name="wrongs">What is wrong with it, as the rest of a sentence, and what to do.</param>
    public string Checked(string name, Func<string, IEnumerable<(string What, string Remedy)>> wrongs)
    {
        var text = Text(name);
        foreach (var (what, remedy) in text.Length > 0 ? wrongs(text) : [])
        {
            Wrong(name, node[name]!, what, remedy);
        }
        return text;
    }

    public string? OptionalText(string name) => Optional(name) ? Text(name) : null;

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

    public long? OptionalDuration(string name, long minimumMs, long maximumMs) =>
        Optional(name) ? Duration(name, minimumMs, maximumMs) : null;

    public long Duration(string name, long minimumMs, long maximumMs, long byDefaultMs) =>
        Optional(name) ? Duration(name, minimumMs, maximumMs) : byDefaultMs;

    /// <summary>A share, from 0 to 1.</summary>
    public double Share(string name)
    {
        if (Take(name, "a number from 0 to 1") is not { } value)
        {
            return 0;
        }
        if (value.Kind != NodeKind.Number || !double.TryParse(
            value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share))
        {
            Wrong(name, value, "is no number", "Write a share from 0 to 1, without quotes: 0.2 is 20 percent.");
            return 0;
        }
        if (share is not (>= 0 and <= 1))
        {
            Wrong(name, value, "is out of range", "Write a share from 0 to 1: 0.2 is 20 percent.");
            return 0;
        }
        return share == 0 ? 0 : share;
    }

    public double Share(string name, double byDefault) => Optional(name) ? Share(name) : byDefault;

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
        where T : struct, Enum => TryWord<T>(name) ?? default;

    /// <summary>The symbol; null where there is none or an unknown one, which is an error.</summary>
    public T? TryWord<T>(string name)
        where T : struct, Enum
    {
        var word = OneOf(name, Enum.GetValues<T>().Select(Words.Of));
        foreach (var symbol in Enum.GetValues<T>())
        {
            if (Words.Of(symbol) == word)
            {
                return symbol;
            }
        }
        return null;
    }

    /// <summary>One of the words; null where there is none or another, which is an error.</summary>
    public string? OneOf(string name, IEnumerable<string> words)
    {
        if (Take(name, "a word") is not { } value)
        {
            return null;
        }
        if (value.Kind == NodeKind.Text && words.Contains(value.Text))
        {
            return value.Text;
        }
        Wrong(name, value, "is not known here", $"Write {string.Join(", ", words)}.");
        return null;
    }

    public T Word<T>(string name, T byDefault)
        where T : struct, Enum => Optional(name) ? Word<T>(name) : byDefault;

    /// <summary>Texts that are all different.</summary>
    /// <param name="name">The field.</param>
    /// <param name="maximum">Most of them.</param>
    /// <param name="wrongs">
    /// What is wrong with one, as the rest of a sentence, and what to do; null: nothing is.
    /// </param>
    public ValueList<string> Texts(
        string name, int maximum, Func<string, IEnumerable<(string What, string Remedy)>>? wrongs = null)
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
            else
            {
                foreach (var (what, remedy) in wrongs?.Invoke(item.Text) ?? [])
                {
                    problems.Error(item, itemPath, $"{item.Shown} {what}.", remedy);
                }
            }
            texts.Add(item.Text);
        }
        return new ValueList<string>([.. texts]);
    }

    public ValueList<string> OptionalTexts(
        string name, int maximum, Func<string, IEnumerable<(string What, string Remedy)>>? wrongs = null) =>
        Optional(name) ? Texts(name, maximum, wrongs) : [];

    /// <summary>The fields of an object that has names of the author's own.</summary>
    public IEnumerable<DocumentField> Named(string name)
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
    /// <param name="name">The field.</param>
    /// <param name="maximum">Most of them.</param>
    /// <param name="namedBy">
    /// The field whose text names an object in the path of what is wrong in it; null, or no such text: its index does.
    /// </param>
    public IEnumerable<FieldReader> Objects(string name, int maximum, string? namedBy = null)
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
            yield return new FieldReader(
                item,
                namedBy is not null && item[namedBy] is { Kind: NodeKind.Text, Text.Length: > 0 } id
                    ? $"{Below(name)}[{id.Shown[1..^1]}]" : itemPath,
                problems);
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

    /// <summary>Says nothing of fields whose meaning depends on one that is wrong already.</summary>
    public void Ignore(params ReadOnlySpan<string> names) => known.AddRange(names);

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

    private IEnumerable<(DocumentNode Item, string Path)> Items(string name, int maximum)
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

    private DocumentNode? Take(string name, string expected)
    {
        if (Optional(name))
        {
            return node[name];
        }
        problems.Error(node, Below(name), "The field is missing.", $"Write {expected}.");
        return null;
    }

    private void Wrong(string name, DocumentNode value, string what, string remedy) =>
        problems.Error(value, Below(name), $"{value.Shown} {what}.", remedy);

    private string Below(string name) => path.Length == 0 ? name : $"{path}.{name}";
}
