using Alloc.Processors.Keys;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>
/// Holds of waiting items by when they expire and when their items entered. They are counted in cells of a few seconds,
/// so that the whole count costs as much as there are cells, however many holds there are; a hold is at risk when its
/// cell is.
/// </summary>
internal sealed class RiskIndex(WaitingStores stores)
{
    /// <summary>The width of a cell, both ways.</summary>
    public const long SlotMs = 5_000;

    /// <summary>Whether one of a cell may expire before its item leaves.</summary>
    public static bool IsAtRisk(CellKey cell, LeaveLine line) =>
        cell.ExpirySlot * SlotMs <= line.LeaveAtMs((cell.EntrySlot + 1) * SlotMs - 1);

    public static CellKey CellOf(WorkStage stage, WorkHold hold) =>
        new(stage.StageId, Slot(hold.ExpiresAtMs), Slot(stage.EnteredAtMs));

    public void Add(string workId, WorkStage stage, WorkHold hold)
    {
        var cell = CellOf(stage, hold);
        var isNamed = hold.NamedForMs == hold.ExpiresAtMs;
        stores.Risks.Put(KeyOf(cell, workId, hold), MarkOf(stage, isNamed));
        Count(cell, 1, isNamed ? 1 : 0);
    }

    public void Remove(string workId, WorkStage stage, WorkHold hold)
    {
        var cell = CellOf(stage, hold);
        stores.Risks.Delete(KeyOf(cell, workId, hold));
        Count(cell, -1, hold.NamedForMs == hold.ExpiresAtMs ? -1 : 0);
    }

    /// <summary>The hold is named for its expiry now, which it was not.</summary>
    public void Name(string workId, WorkStage stage, WorkHold hold)
    {
        var cell = CellOf(stage, hold);
        stores.Risks.Put(KeyOf(cell, workId, hold), MarkOf(stage, isNamed: true));
        Count(cell, 0, 1);
    }

    /// <summary>Holds that a survey finds to be named at most; the next one finds those that come after them.</summary>
    public const long UnnamedPerSurvey = 50_000;

    /// <summary>
    /// Looks through the cells of a stage for holds at risk. What expires after the last item has left is not looked
    /// at.
    /// </summary>
    /// <param name="stageId">The stage.</param>
    /// <param name="line">When items leave.</param>
    /// <param name="nowMs">What has expired by then is named no more.</param>
    public RiskSurvey Survey(string stageId, LeaveLine line, long nowMs)
    {
        var (count, cells, left) = (0L, 0, UnnamedPerSurvey);
        var unnamed = new List<CellKey>();
        long? firstAtMs = null;
        foreach (var (key, cell) in stores.Cells.Prefix(OrderedKeys.PrefixOf(stageId)))
        {
            var expiresAtMs = key.ExpirySlot * SlotMs;
            if (expiresAtMs > line.LastLeaveAtMs)
            {
                break;
            }
            cells++;
            if (!IsAtRisk(key, line))
            {
                continue;
            }
            count += cell.Count;
            firstAtMs ??= expiresAtMs;
            if (left > 0 && cell.Named < cell.Count && expiresAtMs + SlotMs > nowMs)
            {
                unnamed.Add(key);
                left -= cell.Count - cell.Named;
            }
        }
        return new RiskSurvey(nowMs, count, firstAtMs, cells, unnamed);
    }

    /// <summary>Holds of a cell that are to be named, those that expire first in front.</summary>
    public List<RiskKey> Unnamed(CellKey cell, long nowMs, int limit) =>
        [.. stores.Risks.Prefix(BacklogKeys.PrefixOf(cell))
            .Where(e => !e.Value.IsNamed && e.Key.ExpiresAtMs > nowMs).Take(limit).Select(e => e.Key)];

    private static RiskMark MarkOf(WorkStage stage, bool isNamed) =>
        new() { Attempt = stage.Attempt, EnteredAtMs = stage.EnteredAtMs, IsNamed = isNamed };

    private static RiskKey KeyOf(CellKey cell, string workId, WorkHold hold) =>
        new(cell, hold.ExpiresAtMs, workId, hold.PoolId, hold.ReservationId);

    private static long Slot(long timeMs) => Math.DivRem(timeMs, SlotMs, out var rest) - (rest < 0 ? 1 : 0);

    private void Count(CellKey key, long count, long named)
    {
        var cell = stores.Cells.Get(key) ?? new RiskCell { Count = 0 };
        if (cell.Count + count == 0)
        {
            stores.Cells.Delete(key);
        }
        else
        {
            stores.Cells.Put(key, new RiskCell { Count = cell.Count + count, Named = cell.Named + named });
        }
    }
}
