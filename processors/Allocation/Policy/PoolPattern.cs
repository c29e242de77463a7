namespace Alloc.Processors.Allocation.Policy;

/// <summary>Pool ids: a text that ends in <c>*</c> is a prefix, any other is one pool.</summary>
public readonly record struct PoolPattern(string Text)
{
    /// <summary>Every pool.</summary>
    public static PoolPattern All { get; } = new("*");

    /// <summary>Whether it may match more than one pool.</summary>
    internal bool IsPrefix => Text.EndsWith('*');

    /// <summary>What the id of a matching pool begins with; the whole id where the pattern is one pool.</summary>
    internal string Prefix => IsPrefix ? Text[..^1] : Text;

    /// <summary>Whether the pool belongs to the pattern.</summary>
    public bool Matches(string poolId) => Text.EndsWith('*')
        ? poolId.AsSpan().StartsWith(Text.AsSpan(0, Text.Length - 1), StringComparison.Ordinal)
        : poolId == Text;

    /// <summary>Whether every pool of the other pattern belongs to this one.</summary>
    public bool Covers(PoolPattern other) => IsPrefix
        ? other.Prefix.StartsWith(Prefix, StringComparison.Ordinal)
        : !other.IsPrefix && other.Text == Text;

    /// <summary>Whether some pool can belong to both.</summary>
    public bool Overlaps(PoolPattern other) => Covers(other) || other.Covers(this);
}
