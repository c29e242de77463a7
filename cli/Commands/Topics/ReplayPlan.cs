using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.Output;
using Alloc.Cli.Replays;
using Alloc.Client;
using Alloc.Schemas.Operations;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Topics;

/// <summary>Offsets of a partition that are read.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="From">The first offset.</param>
/// <param name="End">The offset behind the last one.</param>
internal sealed record ReplayRange(int Partition, long From, long End);

/// <summary>
/// What a replay reads and writes: whole, so that another process can go on with it. It stands in the record that says
/// that the replay began.
/// </summary>
internal sealed record ReplayPlan
{
    public required string ActionId { get; init; }

    public required string Source { get; init; }

    public required string Target { get; init; }

    /// <summary>What is read, by partition; partitions with nothing to read are left out.</summary>
    public required IReadOnlyList<ReplayRange> Ranges { get; init; }

    /// <summary>Only records with this key; null: all.</summary>
    public string? Key { get; init; }

    /// <summary>Only records that are as new as this or newer, in milliseconds since 1970 UTC; null: all.</summary>
    public long? FromMs { get; init; }

    /// <summary>Only records that are older than this, in milliseconds since 1970 UTC; null: all.</summary>
    public long? UntilMs { get; init; }

    /// <summary>Records go where their key belongs, and not to the partition that they come from.</summary>
    public bool IsByKey { get; init; }

    /// <summary>
    /// Records whose key begins with <c>$</c> (policies, catalogues, ticks) stay out: the target's readers would go
    /// back to what was in force then.
    /// </summary>
    public bool LeavesControlsOut { get; init; }

    public ReplayRate? Rate { get; init; }

    public required string Reason { get; init; }

    /// <summary>Offsets that are read; at least as many as records.</summary>
    public long OffsetCount => Ranges.Sum(r => r.End - r.From);

    /// <summary>Whether a record that is meant stays out.</summary>
    public bool LeavesOut(ConsumeResult<byte[]?, byte[]?> record) =>
        LeavesControlsOut && record.Message.Key is [(byte)'$', ..];

    /// <summary>Whether a record is meant.</summary>
    public bool Takes(ConsumeResult<byte[]?, byte[]?> record)
    {
        var timeMs = record.Message.Timestamp.UnixTimestampMs;
        return (Key is null || record.Message.Key?.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(Key)) == true)
            && (FromMs is null || timeMs >= FromMs) && (UntilMs is null || timeMs < UntilMs);
    }

    /// <summary>The record that says that it begins.</summary>
    /// <param name="actor">Who.</param>
    /// <param name="atMs">When, in milliseconds since 1970 UTC.</param>
    public OperatorAction Started(string actor, long atMs) => new()
    {
        ActionId = ActionId,
        Kind = OperatorActionKind.ReplayStarted,
        Actor = actor,
        Reason = Reason,
        AtMs = atMs,
        Topic = Source,
        Target = Target,
        Positions = [.. Ranges.Select(r => new ActionPosition
        {
            Partition = r.Partition,
            FromOffset = r.From,
            ToOffset = r.End - 1,
        })],
        Detail = JsonText.Line(new JsonObject
        {
            ["key"] = Key,
            ["fromMs"] = FromMs,
            ["untilMs"] = UntilMs,
            ["partitionByKey"] = IsByKey,
            ["leavesControlsOut"] = LeavesControlsOut,
            ["rate"] = Rate?.ToString(),
        }),
    };

    /// <summary>The plan that a replay began with.</summary>
    /// <exception cref="AllocException">The record has none: another version wrote it.</exception>
    public static ReplayPlan Of(OperatorAction started)
    {
        try
        {
            var detail = JsonNode.Parse(started.Detail)!.AsObject();
            return new ReplayPlan
            {
                ActionId = started.ActionId,
                Source = started.Topic,
                Target = started.Target ?? throw new FormatException("it has no target"),
                Ranges = [.. started.Positions.Select(p => new ReplayRange(p.Partition, p.FromOffset, p.ToOffset + 1))],
                Key = (string?)detail["key"],
                FromMs = (long?)detail["fromMs"],
                UntilMs = (long?)detail["untilMs"],
                IsByKey = (bool?)detail["partitionByKey"] ?? false,
                LeavesControlsOut = (bool?)detail["leavesControlsOut"] ?? false,
                Rate = (string?)detail["rate"] is { } rate ? ReplayRate.Read(rate) : null,
                Reason = started.Reason,
            };
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or FormatException or InvalidOperationException
            or NullReferenceException)
        {
            throw AllocException.Failed(string.Create(
                CultureInfo.InvariantCulture,
                $"The record of {started.ActionId} has no plan that this version can read: {e.Message}"),
                "Begin a new replay of the rest: alloc topic tail shows how far the target is.", e);
        }
    }
}
