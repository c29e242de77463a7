using Alloc.Engine.State;
using Alloc.Processors.Backlog.Waiting;
using Alloc.Processors.Keys;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog;

/// <summary>A waiting item.</summary>
/// <param name="WorkId">The work.</param>
/// <param name="StageId">Where it waits.</param>
/// <param name="Attempt">Which time.</param>
/// <param name="EnteredAtMs">When it entered, milliseconds since 1970 UTC.</param>
public sealed record WaitingItem(string WorkId, string StageId, int Attempt, long EnteredAtMs);

/// <summary>A hold of a waiting item.</summary>
/// <param name="WorkId">The work.</param>
/// <param name="StageId">Where it waits.</param>
/// <param name="EnteredAtMs">When it entered, milliseconds since 1970 UTC.</param>
/// <param name="PoolId">The hold's pool.</param>
/// <param name="ReservationId">The hold.</param>
/// <param name="ExpiresAtMs">When it expires, milliseconds since 1970 UTC.</param>
/// <param name="PredictedLeaveAtMs">When its work is predicted to leave; null: never, at today's rates.</param>
/// <param name="IsNamed">Whether an alert named it.</param>
public sealed record HoldAtRisk(
    string WorkId, string StageId, long EnteredAtMs, string PoolId, string ReservationId, long ExpiresAtMs,
    long? PredictedLeaveAtMs, bool IsNamed);

/// <summary>Questions to the committed state of one partition.</summary>
/// <param name="works">Store <see cref="BacklogStores.Works"/>.</param>
/// <param name="entries">Store <see cref="BacklogStores.Entries"/>.</param>
/// <param name="cells">Store <see cref="BacklogStores.Cells"/>.</param>
/// <param name="risks">Store <see cref="BacklogStores.Risks"/>.</param>
public sealed class BacklogReads(
    IReadOnlyKeyValueStore<string, WaitingWork> works, IReadOnlyKeyValueStore<EntryKey, EntryMark> entries,
    IReadOnlyKeyValueStore<CellKey, RiskCell> cells, IReadOnlyKeyValueStore<RiskKey, RiskMark> risks)
{
    /// <summary>Holds that are passed over before the next place is looked up.</summary>
    internal const int HoldsPerLook = 1_000;

    /// <summary>An order or other work, with its stages and holds; null: nothing is known of it.</summary>
    public WaitingWork? Work(string workId) => works.Get(workId);

    /// <summary>Items that wait in a stage, the oldest first.</summary>
    /// <param name="stageId">The stage.</param>
    /// <param name="limit">Items at most.</param>
    public IReadOnlyList<WaitingItem> Oldest(string stageId, int limit) =>
        [.. entries.Prefix(OrderedKeys.PrefixOf(stageId)).Take(limit).Select(e =>
            new WaitingItem(e.Key.WorkId, stageId, e.Value.Attempt, e.Key.EnteredAtMs))];

    /// <summary>Holds of a stage that are at risk, those that expire first in front.</summary>
    /// <param name="stageId">The stage.</param>
    /// <param name="prediction">What the merger predicts for it: the newest of backlog.predictions.</param>
    /// <param name="limit">Holds at most.</param>
    public IReadOnlyList<HoldAtRisk> AtRisk(string stageId, StagePrediction prediction, int limit)
    {
        var line = new LeaveLine(prediction);
        var found = new List<HoldAtRisk>();
        var chosen = Cells(stageId, line, limit);
        var at = 0;
        while (at < chosen.Count)
        {
            at = Take(chosen, at, limit, line, found);
        }
        return [.. found.OrderBy(h => h.ExpiresAtMs).ThenBy(h => h.WorkId, StringComparer.Ordinal).Take(limit)];
    }

    // The first cells at risk that have as many holds as are wanted, and the others of the last one's slot: what is in
    // one slot is put in order by its reader.
    private List<CellKey> Cells(string stageId, LeaveLine line, int limit)
    {
        var chosen = new List<CellKey>();
        var count = 0L;
        foreach (var (cell, inCell) in cells.Prefix(OrderedKeys.PrefixOf(stageId)))
        {
            if (cell.ExpirySlot * RiskIndex.SlotMs > line.LastLeaveAtMs
                || (count >= limit && cell.ExpirySlot > chosen[^1].ExpirySlot))
            {
                break;
            }
            if (RiskIndex.IsAtRisk(cell, line))
            {
                chosen.Add(cell);
                count += inCell.Count;
            }
        }
        return chosen;
    }

    // Reads on through the cells as long as that is less than looking for the next one: a look costs as much as many
    // holds. Where to go on from.
    private int Take(List<CellKey> chosen, int at, int limit, LeaveLine line, List<HoldAtRisk> found)
    {
        var taken = 0;
        var passed = 0;
        var last = chosen[^1];
        foreach (var (key, mark) in risks.Range(
            FirstOf(chosen[at]), FirstOf(last with { EntrySlot = last.EntrySlot + 1 })))
        {
            while (Order(chosen[at], key.Cell) < 0)
            {
                at++;
                taken = 0;
            }
            if (chosen[at] != key.Cell || taken == limit)
            {
                if (++passed > HoldsPerLook)
                {
                    return taken == limit ? at + 1 : at;
                }
                continue;
            }
            found.Add(Of(key, mark, line));
            taken++;
            passed = 0;
        }
        return chosen.Count;
    }

    private static RiskKey FirstOf(CellKey cell) => new(cell, long.MinValue, "", "", "");

    // As the keys of one stage lie.
    private static int Order(CellKey x, CellKey y) =>
        (x.ExpirySlot, x.EntrySlot).CompareTo((y.ExpirySlot, y.EntrySlot));

    private static HoldAtRisk Of(RiskKey key, RiskMark mark, LeaveLine line)
    {
        var leaveAtMs = line.LeaveAtMs(mark.EnteredAtMs);
        return new HoldAtRisk(
            key.WorkId, key.Cell.StageId, mark.EnteredAtMs, key.PoolId, key.ReservationId, key.ExpiresAtMs,
            leaveAtMs == LeaveLine.Never ? null : leaveAtMs, mark.IsNamed);
    }
}
