namespace Alloc.Verify;

/// <summary>
/// Degraded modes, as a partition was told by switches and policies: nothing is granted that the mode which acts on a
/// pool forbids, and nothing new is held for longer than it allows.
/// </summary>
/// <param name="findings">Where what is wrong goes.</param>
/// <param name="policies">The policies that the partition took.</param>
internal sealed class ModeCheck(Findings findings, PolicyCheck policies)
{
    private readonly List<ObservedSwitch> on = [];
    private readonly Dictionary<int, ModeTable> tables = [];

    /// <summary>Checks the next outcome of the journal.</summary>
    public void Check(ObservedOutcome outcome)
    {
        if (outcome is { Switch: { } change, Answer: AnswerKind.Original })
        {
            Switch(change);
        }
        // What another system promised is taken over in any mode.
        if (on.Count == 0 || outcome.PoolId.StartsWith('$') || outcome.Event == Events.Imported
            || !outcome.Postings.Any(p => p is { Entry: Events.Held, Account: Account.Held })
            || Table(outcome.PolicyVersion) is not { } table)
        {
            return;
        }
        foreach (var active in on)
        {
            if (table.RowFor(active, outcome.PoolId) is { } row)
            {
                Check(outcome, active, row, table);
                return;
            }
        }
    }

    private void Check(ObservedOutcome outcome, ObservedSwitch change, ModeTable.Row row, ModeTable table)
    {
        var isNew = outcome.Event is Events.Held or Events.Promoted;
        foreach (var reservation in outcome.Reservations)
        {
            if (!table.Concerns(change, row, reservation.Class))
            {
                continue;
            }
            if (row.Effect is ModeTable.RejectHolds or ModeTable.WaitlistClasses)
            {
                findings.Add(FindingKind.ModeBroken, outcome.PoolId, outcome.At,
                    $"{outcome.Event} grants units to {reservation.Id} of class '{reservation.Class}' in mode "
                    + $"{change.Mode}, which {row.Effect} here");
            }
            var cap = row.CapMs is { } most ? Math.Min(change.CapMs ?? most, most) : (long?)null;
            if (isNew && row.Effect == ModeTable.ShortenTtl
                && reservation.ExpiresAtMs - outcome.TimeMs is var lifeMs && lifeMs > cap)
            {
                findings.Add(FindingKind.ModeBroken, outcome.PoolId, outcome.At,
                    $"{outcome.Event} lets {reservation.Id} live {lifeMs} ms in mode {change.Mode}; {cap} ms are the "
                    + "most here");
            }
        }
    }

    // A mode that is on already keeps its place.
    private void Switch(ObservedSwitch change)
    {
        var index = on.FindIndex(m => m.Mode == change.Mode);
        if (index >= 0 && change.On)
        {
            on[index] = change;
        }
        else if (index >= 0)
        {
            on.RemoveAt(index);
        }
        else if (change.On)
        {
            on.Add(change);
        }
    }

    // The shipped policy has no modes; one that was never taken is another check's finding.
    private ModeTable? Table(int version)
    {
        if (tables.TryGetValue(version, out var known))
        {
            return known;
        }
        if (!policies.Taken.TryGetValue(version, out var policy))
        {
            return null;
        }
        var table = ModeTable.Read(policy.Document);
        tables.Add(version, table);
        return table;
    }
}
