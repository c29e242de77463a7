namespace Alloc.Verify;

/// <summary>
/// Whatever is due by the log's clock comes before the record that brings the clock there, up to what the policy lets
/// happen for one record.
/// </summary>
internal sealed class OverdueCheck(Findings findings)
{
    private readonly PriorityQueue<(PoolModel Pool, string ReservationId), long> expiries = new();
    private Position firing;
    private int firedCount;
    private int limit;

    /// <summary>Checks an outcome before it is folded.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="isAnswer">Whether it answers its source; else it happened before or after.</param>
    /// <param name="timersPerRecord">How much happens for one record under the policy in force.</param>
    public void Check(ObservedOutcome outcome, bool isAnswer, int timersPerRecord)
    {
        if (outcome.Source != firing)
        {
            firing = outcome.Source;
            firedCount = 0;
        }
        else
        {
            // A policy that takes force meanwhile counts for the rest.
            timersPerRecord = Math.Min(timersPerRecord, limit);
        }
        limit = timersPerRecord;
        if (!isAnswer)
        {
            firedCount++;
            return;
        }
        if (firedCount >= limit)
        {
            return;
        }
        while (expiries.TryPeek(out var due, out var dueAt) && dueAt <= outcome.TimeMs)
        {
            expiries.Dequeue();
            if (due.Pool.Find(due.ReservationId, long.MinValue) is { Held: > 0 } hold
                && hold.ExpiresAtMs <= outcome.TimeMs)
            {
                findings.Add(FindingKind.ExpiryBroken, due.Pool.PoolId, outcome.At,
                    $"{due.ReservationId} still holds {hold.Held} at {outcome.TimeMs}; it expired at "
                    + $"{hold.ExpiresAtMs}");
            }
        }
    }

    /// <summary>Notes what an outcome leaves to expire.</summary>
    public void Note(PoolModel pool, ObservedOutcome outcome)
    {
        foreach (var reservation in outcome.Reservations)
        {
            if (reservation is { Held: > 0, ExpiresAtMs: { } expiresAt })
            {
                expiries.Enqueue((pool, reservation.Id), expiresAt);
            }
        }
    }
}
