using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Schemas.Workflow;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>
/// What a stage event must be. The writer's own time is shown and never counted with, so it may be anything.
/// </summary>
internal static class StageEventRules
{
    public const int IdLength = 256;
    public const int MaximumAttempt = 1_000_000;
    public const int MaximumReservations = 200;
    public const int MaximumAttributes = 32;
    public const int AttributeLength = 1024;

    /// <exception cref="BadRecordException">It is not.</exception>
    public static void Check(string key, StageEvent stageEvent)
    {
        if (stageEvent.WorkId != key)
        {
            throw new BadRecordException($"its key is '{Short(key)}' and its workId '{Short(stageEvent.WorkId)}'");
        }
        CheckId("workId", stageEvent.WorkId);
        CheckId("stageId", stageEvent.StageId);
        if (stageEvent.Attempt is < 1 or > MaximumAttempt)
        {
            throw new BadRecordException(string.Create(
                CultureInfo.InvariantCulture,
                $"attempt {stageEvent.Attempt} of {stageEvent.StageId} is not between 1 and {MaximumAttempt}"));
        }
        if (stageEvent.Kind is not (StageEventKind.Entered or StageEventKind.Left))
        {
            throw new BadRecordException("its kind is neither Entered nor Left");
        }
        CheckCount("reservations", stageEvent.Reservations.Count, MaximumReservations);
        foreach (var reservation in stageEvent.Reservations)
        {
            CheckId("poolId", reservation.PoolId);
            CheckId("reservationId", reservation.ReservationId);
        }
        CheckCount("attributes", stageEvent.Attributes.Count, MaximumAttributes);
        foreach (var (name, value) in stageEvent.Attributes)
        {
            CheckId("attribute", name);
            CheckCount($"characters of attribute '{name}'", value.Length, AttributeLength);
        }
    }

    /// <summary>A record for every partition says nothing about work.</summary>
    /// <exception cref="BadRecordException">It does: whose id begins with $ would not be counted.</exception>
    public static void CheckControl(string key, StageEvent control)
    {
        if (control.WorkId.Length > 0 || control.Kind is StageEventKind.Entered or StageEventKind.Left)
        {
            throw new BadRecordException(
                $"its key '{Short(key)}' begins with $, and it is about work '{Short(control.WorkId)}'; such keys are "
                + "for control records, so ids of work must not begin with $");
        }
    }

    private static void CheckId(string what, string id)
    {
        if (id.Length is 0 or > IdLength || id.AsSpan().ContainsAnyInRange('\u0000', '\u001F'))
        {
            throw new BadRecordException(
                $"{what} '{Short(id)}' is no id of 1 to {IdLength} characters without control characters");
        }
    }

    private static void CheckCount(string what, int count, int maximum)
    {
        if (count > maximum)
        {
            throw new BadRecordException(string.Create(
                CultureInfo.InvariantCulture, $"it has {count} {what}, more than {maximum}"));
        }
    }

    private static string Short(string text) => text.Length <= 64 ? text : text[..64] + "…";
}
