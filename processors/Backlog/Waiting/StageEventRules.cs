using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Processors.Records;
using Alloc.Schemas.Workflow;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>
/// What a stage event must be. The writer's own time is shown and never counted with, so it may be anything.
/// </summary>
internal static class StageEventRules
{
    public const int MaximumAttempt = 1_000_000;
    public const int MaximumReservations = 200;
    public const int MaximumAttributes = 32;
    public const int AttributeLength = 1024;

    /// <exception cref="BadRecordException">It is not.</exception>
    public static void Check(string key, StageEvent stageEvent)
    {
        if (stageEvent.WorkId != key)
        {
            throw new BadRecordException(
                $"its key is '{ShownText.Short(key)}' and its workId '{ShownText.Short(stageEvent.WorkId)}'");
        }
        RecordRules.CheckId("workId", stageEvent.WorkId);
        RecordRules.CheckId("stageId", stageEvent.StageId);
        if (stageEvent.Attempt is < 1 or > MaximumAttempt)
        {
            throw new BadRecordException(string.Create(
                CultureInfo.InvariantCulture,
                $"attempt {stageEvent.Attempt} of {ShownText.Short(stageEvent.StageId)} is not between 1 and "
                + $"{MaximumAttempt}"));
        }
        if (stageEvent.Kind is not (StageEventKind.Entered or StageEventKind.Left))
        {
            throw new BadRecordException("its kind is neither Entered nor Left");
        }
        RecordRules.CheckCount("reservations", stageEvent.Reservations.Count, MaximumReservations);
        foreach (var reservation in stageEvent.Reservations)
        {
            RecordRules.CheckId("poolId", reservation.PoolId);
            RecordRules.CheckId("reservationId", reservation.ReservationId);
        }
        RecordRules.CheckCount("attributes", stageEvent.Attributes.Count, MaximumAttributes);
        foreach (var (name, value) in stageEvent.Attributes)
        {
            RecordRules.CheckId("attribute", name, TextBounds.ShortId);
            RecordRules.CheckCount(
                $"characters of attribute '{ShownText.Short(name)}'", value.Length, AttributeLength);
        }
        RecordRules.CheckCount(
            "characters in reservations and attributes together",
            stageEvent.Reservations.Sum(r => r.PoolId.Length + r.ReservationId.Length)
            + stageEvent.Attributes.Sum(a => a.Key.Length + a.Value.Length), TextBounds.Together);
    }

    /// <summary>A record for every partition says nothing about work.</summary>
    /// <exception cref="BadRecordException">It does: whose id begins with $ would not be counted.</exception>
    public static void CheckControl(string key, StageEvent control)
    {
        if (control.WorkId.Length > 0 || control.Kind is StageEventKind.Entered or StageEventKind.Left)
        {
            throw new BadRecordException(
                $"its key '{ShownText.Short(key)}' begins with $, and it is about work "
                + $"'{ShownText.Short(control.WorkId)}'; such keys are for control records, so ids of work must not "
                + "begin with $");
        }
    }
}
