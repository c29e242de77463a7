using Alloc.Processors.Catalogue;
using Alloc.Schemas.Backlog;

namespace Alloc.Cli.Commands.Slices;

/// <summary>A person asks the backlog for a mode of the catalogue to be on or off.</summary>
/// <param name="Row">The mode's row.</param>
/// <param name="CatalogueVersion">The catalogue that has it.</param>
/// <param name="On">How it is to be.</param>
/// <param name="Person">Who asks.</param>
/// <param name="Reason">Why.</param>
internal sealed record ModeRequest(ModeRow Row, int CatalogueVersion, bool On, string Person, string Reason)
{
    /// <summary>The record that asks. What the row says is said by the answer.</summary>
    public ModeState Record(long nowMs) => new()
    {
        Mode = Row.Id,
        On = On,
        StageId = Row.Stage,
        Measure = "",
        Effect = "",
        SinceMs = nowMs,
        Episode = 0,
        Person = Person,
        Reason = Reason,
        CatalogueVersion = CatalogueVersion,
    };

    /// <summary>Whether this is the backlog's answer.</summary>
    public bool IsAnsweredBy(ModeState said) =>
        said.Decided && said.Mode == Row.Id && said.On == On && said.Person == Person && said.Reason == Reason;
}
