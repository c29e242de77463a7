using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>
/// Names holds at risk, each once for its expiry and before it expires, a bounded number in each transaction.
/// </summary>
internal sealed class RiskNaming(WaitingStores stores, RiskIndex risks, Action<AgingAlert> emit)
{
    /// <summary>Alerts in one transaction at most.</summary>
    public const int AlertsPerCommit = 1_000;

    private readonly Dictionary<string, Queue<CellKey>> waiting = new(StringComparer.Ordinal);
    private int ofCommit;

    /// <summary>Whether holds are left to be named.</summary>
    public bool HasMore => waiting.Values.Any(cells => cells.Count > 0);

    /// <summary>What was named is committed.</summary>
    public void Committed() => ofCommit = 0;

    /// <summary>Cells of a stage that have holds to be named: those that expire first in front; no others.</summary>
    public void Await(string stageId, IEnumerable<CellKey> cells) => waiting[stageId] = new Queue<CellKey>(cells);

    /// <summary>Names as many as the transaction may have.</summary>
    /// <param name="lineOf">When items of a stage leave.</param>
    /// <param name="nowMs">What has expired by then is named no more.</param>
    public void Run(Func<string, LeaveLine> lineOf, long nowMs)
    {
        while (ofCommit < AlertsPerCommit && NextStage() is { } cells)
        {
            var cell = cells.Peek();
            var line = lineOf(cell.StageId);
            var limit = AlertsPerCommit - ofCommit;
            // What was at risk a moment ago may be so no more.
            var keys = RiskIndex.IsAtRisk(cell, line) ? risks.Unnamed(cell, nowMs, limit) : [];
            foreach (var key in keys)
            {
                Name(key, line, nowMs);
            }
            if (keys.Count < limit)
            {
                cells.Dequeue();
            }
        }
    }

    // That with the first to expire, of all stages.
    private Queue<CellKey>? NextStage()
    {
        Queue<CellKey>? first = null;
        foreach (var cells in waiting.Values)
        {
            if (cells.TryPeek(out var cell) && (first is null || IsBefore(cell, first.Peek())))
            {
                first = cells;
            }
        }
        return first;
    }

    private static bool IsBefore(CellKey x, CellKey y) =>
        x.ExpirySlot < y.ExpirySlot || (x.ExpirySlot == y.ExpirySlot && x.EntrySlot < y.EntrySlot);

    private void Name(RiskKey key, LeaveLine line, long nowMs)
    {
        var work = stores.Works.Get(key.WorkId);
        var hold = work?.Holds.FirstOrDefault(h => h.ReservationId == key.ReservationId && h.PoolId == key.PoolId);
        var stage = work is null ? null : WorkFold.Find(work, key.Cell.StageId);
        if (hold is null || stage is null || hold.NamedForMs == hold.ExpiresAtMs)
        {
            return;
        }
        foreach (var open in work!.Stages.Where(s => s.Standing == StageStanding.Open))
        {
            risks.Name(key.WorkId, open, hold);
        }
        var named = hold with { NamedForMs = hold.ExpiresAtMs };
        stores.Works.Put(key.WorkId, work with { Holds = [.. work.Holds.Select(h => h == hold ? named : h)] });
        ofCommit++;
        var leaveAtMs = line.LeaveAtMs(stage.EnteredAtMs);
        emit(new AgingAlert
        {
            WorkId = key.WorkId,
            StageId = stage.StageId,
            Attempt = stage.Attempt,
            Kind = AgingKind.HoldAtRisk,
            AtMs = nowMs,
            EnteredAtMs = stage.EnteredAtMs,
            DueAtMs = stage.DueAtMs,
            PoolId = hold.PoolId,
            ReservationId = hold.ReservationId,
            ExpiresAtMs = hold.ExpiresAtMs,
            PredictedLeaveAtMs = leaveAtMs == LeaveLine.Never ? null : leaveAtMs,
        });
    }
}
