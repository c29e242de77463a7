namespace Alloc.Schemas.Registry;

/// <summary>What a new version of a schema is held to.</summary>
public enum CompatibilityLevel
{
    /// <summary>Nothing is checked.</summary>
    None,

    /// <summary>The new schema reads what the newest version wrote.</summary>
    Backward,

    /// <summary>The new schema reads what every version wrote.</summary>
    BackwardTransitive,

    /// <summary>The newest version reads what the new schema writes.</summary>
    Forward,

    /// <summary>Every version reads what the new schema writes.</summary>
    ForwardTransitive,

    /// <summary>Both ways, with the newest version.</summary>
    Full,

    /// <summary>Both ways, with every version.</summary>
    FullTransitive,
}

/// <summary>The levels as the registry's interface spells them.</summary>
public static class CompatibilityLevels
{
    private static readonly string[] Names =
        ["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"];

    /// <summary>The registry's text for a level, for example <c>FULL_TRANSITIVE</c>.</summary>
    public static string Format(CompatibilityLevel level) => Names[(int)level];

    /// <summary>The level of a text; false when it is none.</summary>
    public static bool TryParse(string? text, out CompatibilityLevel level)
    {
        var index = Array.IndexOf(Names, text?.ToUpperInvariant());
        level = (CompatibilityLevel)Math.Max(index, 0);
        return index >= 0;
    }

    /// <summary>Whether the level looks at every version and not only at the newest.</summary>
    public static bool IsTransitive(CompatibilityLevel level) => level
        is CompatibilityLevel.BackwardTransitive or CompatibilityLevel.ForwardTransitive
            or CompatibilityLevel.FullTransitive;

    /// <summary>Whether the new schema must read what older versions wrote.</summary>
    public static bool ChecksBackward(CompatibilityLevel level) => level
        is CompatibilityLevel.Backward or CompatibilityLevel.BackwardTransitive
        or CompatibilityLevel.Full or CompatibilityLevel.FullTransitive;

    /// <summary>Whether older versions must read what the new schema writes.</summary>
    public static bool ChecksForward(CompatibilityLevel level) => level
        is CompatibilityLevel.Forward or CompatibilityLevel.ForwardTransitive
        or CompatibilityLevel.Full or CompatibilityLevel.FullTransitive;
}
