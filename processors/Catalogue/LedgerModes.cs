using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Notation;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.Catalogue;

/// <summary>A mode of a catalogue that the ledger does not do as the catalogue says.</summary>
/// <param name="Mode">Name of the mode.</param>
/// <param name="Why">Why, in words.</param>
/// <param name="Remedy">What to do about it, as a sentence.</param>
public sealed record UndoneMode(string Mode, string Why, string Remedy);

/// <summary>
/// The modes of a catalogue that change decisions of the ledger, beside a policy: the catalogue says when a mode is on,
/// and only the policy lets it be.
/// </summary>
public static class LedgerModes
{
    /// <summary>
    /// The modes that the ledger refuses to switch on under a policy, or that do something else there.
    /// </summary>
    public static IReadOnlyList<UndoneMode> Undone(OperationsCatalogue catalogue, AllocationPolicy policy) =>
        [.. catalogue.Modes.Where(row => row.ActsOnLedger).Select(row => Undone(row, policy)).OfType<UndoneMode>()];

    private static UndoneMode? Undone(ModeRow row, AllocationPolicy policy)
    {
        var refusal = ModeOffers.Refusal(policy, new AllocationCommandBody.ModeSwitch
        {
            Mode = row.Id,
            On = true,
            Reason = "",
            Pools = [.. row.Pools.Select(p => p.Text)],
            Classes = [.. row.Classes],
        });
        if (refusal is not null)
        {
            return new UndoneMode(
                row.Id, $"the ledger refuses to switch it on: {refusal}",
                $"Add to the policy's modes, and apply it: {PolicyRows(row)}");
        }
        var rows = policy.ModeTable.Where(known => known.Mode == row.Id).ToList();
        return rows.Exists(known => known.Effect.ToString() == row.Effect.ToString()) ? null : new UndoneMode(
            row.Id,
            $"the catalogue says {Camel(row.Effect)}, the policy's rows say "
            + $"{string.Join(" and ", rows.Select(known => Camel(known.Effect)).Distinct())}, and that is what happens",
            "Write the same effect in both.");
    }

    // As the policy's document has them; one pattern a row.
    private static string PolicyRows(ModeRow row) => string.Join(" ", (row.Pools.Count == 0
        ? [PoolPattern.All.Text]
        : row.Pools.Select(p => p.Text)).Select((pools, index) =>
            $"{{id: mode/{row.Id}{(index == 0 ? "" : $"-{index + 1}")}, mode: {row.Id}, pools: \"{pools}\", "
            + $"effect: {Camel(row.Effect)}"
            + (row.CapMs is { } capMs ? $", cap: {DurationText.Show(capMs)}" : "")
            + (row.Classes.Count > 0 ? $", classes: [{string.Join(", ", row.Classes)}]" : "") + "}"));

    private static string Camel<T>(T name)
        where T : Enum => char.ToLowerInvariant(name.ToString()[0]) + name.ToString()[1..];
}
