using System.Text.Json.Nodes;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Outcomes;

/// <summary>Reads the parts of an outcome that explain it from the JSON that an instance answers.</summary>
internal static class OutcomeJson
{
    /// <summary>The steps of a decision.</summary>
    public static IReadOnlyList<DecisionStep> Steps(JsonArray steps) =>
        [.. steps.OfType<JsonObject>().Select(s => new DecisionStep
        {
            Rule = Word<DecisionRule>(s["rule"]),
            Row = s["row"]?.ToString() ?? "",
            Result = Word<RuleResult>(s["result"]),
            Numbers = Numbers(s["numbers"]),
        })];

    /// <summary>The reasons of a rejection; none where it is none.</summary>
    public static IReadOnlyList<Reason> Reasons(JsonArray? reasons) =>
        [.. (reasons ?? []).OfType<JsonObject>().Select(r => new Reason
        {
            Code = Word<ReasonCode>(r["code"]),
            Detail = r["detail"]?.ToString() ?? "",
            ReservationId = r["reservationId"]?.ToString(),
            Scope = r["scope"]?.ToString(),
            Numbers = Numbers(r["numbers"]),
        })];

    private static IReadOnlyList<DecisionNumber> Numbers(JsonNode? numbers) =>
        [.. (numbers?.AsArray() ?? []).OfType<JsonObject>().Select(n => new DecisionNumber
        {
            Name = Word<NumberName>(n["name"]),
            Value = n["value"]!.GetValue<long>(),
        })];

    /// <summary>A word that this version does not know is unknown, not a failure.</summary>
    private static T Word<T>(JsonNode? word)
        where T : struct, Enum => Enum.TryParse<T>(word?.ToString(), out var value) ? value : default;
}
