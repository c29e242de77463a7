using System.Text.Json.Nodes;
using Alloc.Cli.Outcomes;
using Alloc.Processors.Allocation.Policy;
using Alloc.Web.Json;

namespace Alloc.Cli.Commands.Policies;

/// <summary>What an apply does.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="EffectiveAtMs">From when it acts.</param>
/// <param name="Before">The one that was applied last; null: none.</param>
/// <param name="IsFinishing">It was written already; only partitions that have not taken it get it again.</param>
/// <param name="Answers">Where each partition is with it.</param>
internal sealed record PolicyPlan(
    AllocationPolicy Policy, long EffectiveAtMs, AppliedPolicy? Before, bool IsFinishing,
    IReadOnlyList<PartitionAnswer> Answers)
{
    /// <summary>The partitions that get it.</summary>
    public IReadOnlyList<int> Targets =>
        [.. Answers.Where(answer => !answer.HasIt).Select(answer => answer.Partition)];

    public string Describe(TimeProvider clock)
    {
        var effective = $"effective {Words.Time(EffectiveAtMs, clock)}";
        if (IsFinishing)
        {
            return Targets.Count == 0
                ? $"Version {Policy.Version} was applied already, and every partition has it."
                : $"Version {Policy.Version} was applied already, {effective}; {Targets.Count} of {Answers.Count} "
                  + "partitions have not taken it and get it again.";
        }
        return $"Version {Policy.Version} replaces version {Before?.Record.Version ?? 0} in {Targets.Count} "
            + $"partitions, {effective}.";
    }

    public JsonObject Json(bool isDryRun) => new()
    {
        ["version"] = Policy.Version,
        ["contentHash"] = PolicyDocument.HashOf(Policy),
        ["base"] = IsFinishing ? Before!.Record.Base : Before?.Record.Version ?? 0,
        ["effectiveAt"] = AvroJson.Time(EffectiveAtMs),
        ["dryRun"] = isDryRun,
        ["partitions"] = new JsonArray([.. Answers.Select(answer => (JsonNode)answer.Json())]),
    };
}
