using System.Text.Json;
using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Policy.Document;
using Alloc.Processors.Documents;
using Alloc.Processors.Notation;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Catalogue;

/// <summary>Reads, checks and writes the rules about differences of the shadow.</summary>
internal static class ShadowRuleFields
{
    // Those that a pool has; what is for a whole partition both decide alike.
    private static readonly CommandKind[] Kinds =
        [.. Enum.GetValues<CommandKind>().Where(k => k != CommandKind.Unknown && !CommandKinds.IsForPartition(k))];

    public static ShadowRuleRow Read(FieldReader f) => new(
        f.Id("id"), f.Word<ShadowRuleClass>("class"), f.Id("owner"), f.Text("because"))
    {
        Pools = f.PoolList("pools", CatalogueRanges.Pools),
        Commands = new([.. f.OptionalTexts("command", CatalogueRanges.DecisionWords, KindWrongs)
            .Select(text => Enum.TryParse<CommandKind>(text, out var kind) ? kind : default)]),
        Shadow = f.OptionalTexts("shadow", CatalogueRanges.DecisionWords, DecisionWords.Wrongs),
        Recorded = f.OptionalTexts("recorded", CatalogueRanges.DecisionWords, DecisionWords.Wrongs),
        Classes = f.OptionalTexts("classes", CatalogueRanges.PriorityClasses),
        FromMs = Time(f, "from"),
        UntilMs = Time(f, "until"),
    };

    /// <summary>Each can match something, and something that no row before it does.</summary>
    public static void Check(List<Located<ShadowRuleRow>> rules)
    {
        for (var index = 0; index < rules.Count; index++)
        {
            var (rule, place) = rules[index];
            if (!rule.HasCondition)
            {
                place.Error("id", $"The rule '{rule.Id}' has no condition besides pools, so it would explain whatever "
                    + "differs there.", "Write one of command, shadow, recorded, classes, from, until.");
            }
            if (rule.FromMs >= rule.UntilMs)
            {
                place.Error("until", $"The rule '{rule.Id}' ends at {TimeText.Show(rule.UntilMs.Value)}, when it has "
                    + "not begun: nothing ever matches.", "Write an until that is after from.");
            }
            if (rules.Take(index).FirstOrDefault(earlier => earlier.Row.Covers(rule)) is { Row: { } first } found)
            {
                place.Error("id", $"The rule '{rule.Id}' never decides: '{first.Id}' in line {found.Place.Node.Line} "
                    + "matches all that it matches.", "Write the narrower one first, or remove it.");
            }
        }
    }

    public static void Write(ShadowRuleRow row, Utf8JsonWriter json)
    {
        json.WriteString("id", row.Id);
        json.WriteWord("class", row.Class);
        json.WriteString("owner", row.Owner);
        json.WriteString("because", row.Because);
        Texts("pools", row.Pools.Select(pattern => pattern.Text));
        Texts("command", row.Commands.Select(kind => kind.ToString()));
        Texts("shadow", row.Shadow);
        Texts("recorded", row.Recorded);
        Texts("classes", row.Classes);
        json.WriteOptional("from", row.FromMs is { } from ? TimeText.Show(from) : null);
        json.WriteOptional("until", row.UntilMs is { } until ? TimeText.Show(until) : null);

        void Texts(string name, IEnumerable<string> texts)
        {
            if (texts.Any())
            {
                json.WriteTexts(name, texts);
            }
        }
    }

    private static long? Time(FieldReader f, string name)
    {
        long ms = 0;
        return f.Optional(name) && f.Checked(name, Wrongs).Length > 0 ? ms : null;

        IEnumerable<(string What, string Remedy)> Wrongs(string text)
        {
            if (!TimeText.TryRead(text, out ms, out var problem))
            {
                // It has what is wrong and what to do in one sentence.
                var end = problem!.IndexOfAny([';', ':']);
                var remedy = problem[(end + 1)..].Trim();
                yield return (problem[..end], char.ToUpperInvariant(remedy[0]) + remedy[1..] + ".");
            }
        }
    }

    private static IEnumerable<(string What, string Remedy)> KindWrongs(string text)
    {
        if (!Kinds.Any(kind => kind.ToString() == text))
        {
            yield return ("is no command about a pool", $"Write {string.Join(", ", Kinds)}.");
        }
    }
}
