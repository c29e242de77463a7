using Alloc.Processors.Documents;

namespace Alloc.Processors.Catalogue;

/// <summary>
/// The stages where work waits, the degraded modes, what services must confirm, the classes of mismatches, and rules
/// about differences of the shadow: one versioned document, a value. Two are equal exactly when their canonical
/// documents are.
/// </summary>
public sealed record OperationsCatalogue
{
    /// <summary>The catalogue that is shipped, version 0: in force until another is applied.</summary>
    public static OperationsCatalogue Shipped => ShippedCatalogue.Version0;

    /// <summary>Version of the document, growing; 0 is the one that is shipped.</summary>
    public required int Version { get; init; }

    /// <summary>The stages, at least one, in the order of the document.</summary>
    public required ValueList<StageRow> Stages { get; init; }

    /// <summary>
    /// The degraded modes. The order is their rank, as <see cref="Rival"/> says.
    /// </summary>
    public ValueList<ModeRow> Modes { get; init; } = [];

    /// <summary>What services must confirm; no service is obliged that is not named here.</summary>
    public ValueList<EffectRow> Effects { get; init; } = [];

    /// <summary>
    /// One row for each class of mismatches, in the order of <see cref="MismatchClass"/>; those that the document
    /// leaves out are as shipped.
    /// </summary>
    public required ValueList<MismatchClassRow> Classes { get; init; }

    /// <summary>What people know of differences of the shadow; the first row that matches decides.</summary>
    public ValueList<ShadowRuleRow> ShadowRules { get; init; } = [];

    /// <summary>The stage of this id; null: there is none.</summary>
    public StageRow? Stage(string id)
    {
        foreach (var stage in Stages)
        {
            if (stage.Id == id)
            {
                return stage;
            }
        }
        return null;
    }

    /// <summary>The mode of this id; null: there is none.</summary>
    public ModeRow? Mode(string id)
    {
        foreach (var mode in Modes)
        {
            if (mode.Id == id)
            {
                return mode;
            }
        }
        return null;
    }

    /// <summary>
    /// The mode that keeps this one off, so that never two act on one pool: one that shares a pool with it and is on,
    /// or is an earlier row and comes on now; null: none does.
    /// </summary>
    /// <param name="mode">A mode that is off.</param>
    /// <param name="isOn">Whether a mode is on.</param>
    /// <param name="isNeeded">Whether a mode that is off has passed its threshold.</param>
    public ModeRow? Rival(ModeRow mode, Func<ModeRow, bool> isOn, Func<ModeRow, bool> isNeeded)
    {
        List<ModeRow> acting = [.. Modes.Where(other => other.Id != mode.Id && isOn(other))];
        foreach (var earlier in Modes.TakeWhile(other => other.Id != mode.Id))
        {
            if (!isOn(earlier) && isNeeded(earlier) && !acting.Exists(earlier.SharesPoolsWith))
            {
                acting.Add(earlier);
            }
        }
        return acting.Find(mode.SharesPoolsWith);
    }

    /// <summary>The row of a class of mismatches.</summary>
    public MismatchClassRow Class(MismatchClass mismatch) => Classes[(int)mismatch];
}
