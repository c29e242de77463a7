namespace Alloc.Processors.Allocation;

/// <summary>
/// Names that others choose, as the values of a label: the first that are met have their own, so that whoever makes up
/// names makes no series. Thread-safe.
/// </summary>
internal sealed class BoundedNames
{
    /// <summary>Names that have a value of their own.</summary>
    public const int Most = 20;

    /// <summary>The value of all others.</summary>
    public const string Other = "other";

    private readonly Lock gate = new();
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    /// <summary>The label's value for a name; empty for none.</summary>
    public string Of(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return "";
        }
        lock (gate)
        {
            return known.Contains(name) || (known.Count < Most && known.Add(name)) ? name : Other;
        }
    }
}
