using Alloc.Engine.Processing;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>Sends approved repairs, no faster than the ledger and others should be asked.</summary>
internal sealed class RepairSender(MismatchBook book, RepairCommands commands, Emit emit)
{
    /// <summary>Records a second at most, of all repairs together.</summary>
    public const int RecordsPerSecond = 100;

    private const long MsPerRecord = 1_000 / RecordsPerSecond;

    private long pacedUntilMs;
    private long nowMs;

    /// <summary>Whether one more may be sent now.</summary>
    public bool MaySend => pacedUntilMs <= nowMs;

    /// <summary>Begins a piece of work: what one punctuation may send follows from when the last ones were.</summary>
    public void Begin(KeeperState keeper, long nowMs)
    {
        this.nowMs = nowMs;
        // What was not used up does not gather: a punctuation sends a punctuation's share.
        pacedUntilMs = Math.Max(
            keeper.PacedUntilMs, nowMs - (long)KeeperProcessor.Interval.TotalMilliseconds + MsPerRecord);
    }

    /// <summary>How far the permitted rate is used up after it.</summary>
    public KeeperState End(KeeperState keeper) =>
        pacedUntilMs > nowMs ? keeper with { PacedUntilMs = pacedUntilMs } : keeper;

    /// <summary>Sends the repair of an approved mismatch; false where it cannot be made.</summary>
    /// <param name="before">How it is kept; null: it is not yet.</param>
    /// <param name="step">The mismatch, with what else happened to it now.</param>
    public bool Send(KeptMismatch? before, MismatchStep step)
    {
        IReadOnlyList<RepairRecord> records;
        try
        {
            records = commands.Of(step.Kept, step.NowMs);
        }
        catch (BadRecordException error)
        {
            MismatchRouting.FailToSend(
                step, $"its repair {step.Kept.Facts!.Kind} cannot be sent: {error.Message}");
            book.Save(before, step);
            return false;
        }
        var id = RepairCommands.IdOf(step.Row.MismatchId, checked(step.Row.Attempts + 1));
        MismatchLife.Send(step, id, step.Row.Repair!.Summary);
        book.Save(before, step);
        foreach (var record in records)
        {
            emit(record.Sink, record.Key, record.Value, step.NowMs);
        }
        pacedUntilMs = checked(pacedUntilMs + (records.Count * MsPerRecord));
        return true;
    }
}
