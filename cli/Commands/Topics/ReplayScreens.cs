using System.Text.Json.Nodes;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;
using Alloc.Client.Kafka;

namespace Alloc.Cli.Commands.Topics;

/// <summary>What a replay did, or would do.</summary>
internal static class ReplayScreens
{
    /// <summary>A line for each partition; as JSON one object for the whole.</summary>
    public static void Show(
        CommandContext context, ReplayPlan plan, IReadOnlyList<ReplayedPartition> partitions, string state)
    {
        var rows = partitions.OrderBy(p => p.Range.Partition).Select(p => new JsonObject
        {
            ["partition"] = p.Range.Partition,
            ["from"] = p.Range.From,
            ["through"] = p.Range.End - 1,
            ["records"] = p.Written,
            ["leftOut"] = p.LeftOut,
        }).ToList();
        var whole = new JsonObject
        {
            ["actionId"] = plan.ActionId,
            ["state"] = state,
            ["source"] = plan.Source,
            ["target"] = plan.Target,
            ["records"] = partitions.Sum(p => p.Written),
            ["leftOut"] = partitions.Sum(p => p.LeftOut),
            ["offsets"] = plan.OffsetCount,
            ["partitions"] = new JsonArray([.. rows.Select(r => r.DeepClone())]),
        };
        context.Screen.One(whole, _ => context.Screen.Rows(
            rows,
            Column.Number("PARTITION", "partition"),
            Column.Number("FROM", "from"),
            Column.Number("THROUGH", "through"),
            Column.Number("RECORDS", "records")));
        if (partitions.Sum(p => p.LeftOut) is > 0 and var leftOut)
        {
            context.Screen.Warn(
                $"{leftOut:N0} {(leftOut == 1 ? "record stays" : "records stay")} out: keys that begin with $ put in "
                + "force what was in force then.");
        }
        if (partitions.Count > 0)
        {
            context.Screen.Note(
                $"{whole["records"]} records of {plan.Source} {(state == "finished" ? "are" : "would be")} in "
                + $"{plan.Target}.");
        }
    }
}

/// <summary>Reads what a replay would copy, and counts it.</summary>
internal static class ReplayCount
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Counts and shows; writes nothing.</summary>
    public static int Show(
        CommandContext context, AllocClientOptions settings, ReplayPlan plan, CancellationToken cancellation)
    {
        var progress = new ProgressLine(context.Host, "offsets");
        var partitions = plan.Ranges.Select(r => new ReplayedPartition(r)).ToList();
        using var consumer = new KafkaClients(settings).Consumer();
        try
        {
            foreach (var partition in partitions)
            {
                var (range, silent) = (partition.Range, TimeSpan.Zero);
                consumer.Assign(new Confluent.Kafka.TopicPartitionOffset(plan.Source, range.Partition, range.From));
                while (!partition.IsOver)
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (consumer.Consume(Look) is not { } record)
                    {
                        silent += Look;
                        if (silent > settings.Timeout)
                        {
                            throw AllocException.Unavailable(
                                $"The broker gave no record of {plan.Source} for {silent.TotalSeconds:0} s.",
                                "Is it still running? Ask again.");
                        }
                        continue;
                    }
                    silent = TimeSpan.Zero;
                    var isIn = !record.IsPartitionEOF && record.Offset.Value < range.End;
                    var isMeant = isIn && plan.Takes(record);
                    partition.Written += isMeant && !plan.LeavesOut(record) ? 1 : 0;
                    partition.LeftOut += isMeant && plan.LeavesOut(record) ? 1 : 0;
                    partition.Position = isIn ? record.Offset.Value + 1 : record.Offset.Value;
                    if (record.IsPartitionEOF)
                    {
                        break;
                    }
                    progress.Show("counting", partitions.Sum(p => p.Position - p.Range.From), plan.OffsetCount);
                }
            }
        }
        finally
        {
            progress.Clear();
        }
        ReplayScreens.Show(context, plan, partitions, "dry-run");
        context.Screen.Warn(
            $"A dry run: {partitions.Sum(p => p.Written):N0} records of {plan.Source} would be replayed into "
            + $"{plan.Target}, and nothing was.");
        return ExitCode.Ok;
    }
}
