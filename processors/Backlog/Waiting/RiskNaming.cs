using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>
/// Names holds at risk, each once for its expiry and before it expires, a bounded number in each transaction.
/// </summary>
internal sealed class RiskNaming(WaitingStores stores, RiskIndex risks, Action<AgingAlert> emit)
{
    /// <summary>Alerts in one transaction at most.</summary>
    public const int AlertsPerCommit = 1_000;

    private readonly List<(CellKey Cell, LeaveLine Line)> waiting = [];
    private int ofCommit;

    /// <summary>Whether holds are left to be named.</summary>
    public bool HasMore => waiting.Count > 0;

    /// <summary>What was named is committed.</summary>
    public void Committed() => ofCommit = 0;

    /// <summary>Forgets which cells were to be named: they are surveyed anew.</summary>
    public void Begin() => waiting.Clear();

    /// <summary>Cells of a stage that have holds to be named.</summary>
    public void Await(List<CellKey> cells, LeaveLine line) => waiting.AddRange(cells.Select(c => (c, line)));

    /// <summary>Names as many as the transaction may have.</summary>
    public void Run(long nowMs)
    {
        while (waiting.Count > 0 && ofCommit < AlertsPerCommit)
        {
            // The first to expire, of all stages.
            var next = waiting.MinBy(w => (w.Cell.ExpirySlot, w.Cell.EntrySlot));
            var limit = AlertsPerCommit - ofCommit;
            var keys = risks.Unnamed(next.Cell, nowMs, limit);
            foreach (var key in keys)
            {
                Name(key, next.Line, nowMs);
            }
            if (keys.Count < limit)
            {
                waiting.Remove(next);
            }
        }
    }

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
