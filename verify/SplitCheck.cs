namespace Alloc.Verify;

/// <summary>A split gives units another name: none appears, none is lost, and nothing is posted.</summary>
internal static class SplitCheck
{
    public static void Check(
        PoolModel pool, ObservedOutcome outcome, Action<FindingKind, ObservedOutcome, string> report)
    {
        var whole = outcome.Subject is { } id ? pool.Find(id, outcome.TimeMs) : null;
        if (whole is null)
        {
            if (pool.StartsAtFirst)
            {
                report(FindingKind.WrongEffect, outcome, $"splits {outcome.Subject}, which is unknown");
            }
            return;
        }
        Compare("held", r => r.Held);
        Compare("confirmed", r => r.Confirmed);
        Compare("consumed", r => r.Consumed);
        Compare("waiting", r => r.Waiting);
        Compare("granted", r => r.Granted);

        void Compare(string bucket, Func<ObservedReservation, long> of)
        {
            var after = outcome.Reservations.Sum(of);
            if (after != of(whole))
            {
                report(FindingKind.WrongEffect, outcome,
                    $"splits {whole.Id} with {bucket} {of(whole)}; it and its parts have {after}");
            }
        }
    }
}
