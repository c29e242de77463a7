using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Alloc.Replay;

/// <summary>
/// Alibaba's GPU cluster trace (openb): pods that ask for processors, memory and graphics processors. Three pools, one
/// for each resource; a pod holds its share of each when it is created, confirms it when it is scheduled, and gives it
/// back when it is deleted.
/// </summary>
/// <remarks>
/// The pods are a sample of what ran on the nodes: at the peak they need one hundredth of them. The pools are therefore
/// that hundredth of the nodes, which is a little short in graphics processors. Times are seconds from a start that the
/// file does not name.
/// </remarks>
internal static class OpenbTrace
{
    public const string Format = "openb";

    public const string Header =
        "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time";

    /// <summary>The file of nodes, beside that of pods.</summary>
    public const string NodesFile = "openb_nodes.csv";

    public const string CpuPool = "cluster/cpu-milli";
    public const string MemoryPool = "cluster/memory-mib";
    public const string GpuPool = "cluster/gpu-milli";
    private const string NodesHeader = "sn,cpu_milli,memory_mib,gpu,model";
    private const int NodesPerUnit = 100;
    private const long Most = 1_000_000_000;
    private static readonly string[] QosClasses = ["LS", "BE", "Burstable", "Guaranteed"];

    /// <summary>Plans the trace.</summary>
    /// <param name="pods">Text of the file of pods.</param>
    /// <param name="nodes">Text of the file of nodes.</param>
    /// <param name="limit">Only the first pods; null for all.</param>
    /// <param name="onReject">Called with each line that is not replayed.</param>
    public static TracePlan Plan(TextReader pods, TextReader nodes, long? limit, Action<RejectedLine> onReject)
    {
        var pools = Pools(nodes);
        var (items, lines, rejected) = TraceReader.Read(pods, Format, Header, limit, ReadPod, onReject);
        return new TracePlan(pools, items, lines, rejected);
    }

    private static TracePool[] Pools(TextReader nodes)
    {
        using var csv = new CsvParser(nodes, new CsvConfiguration(CultureInfo.InvariantCulture) { CacheFields = true });
        if (!csv.Read() || string.Join(',', csv.Record ?? []) != NodesHeader)
        {
            throw new InvalidDataException($"{NodesFile} must have the header {NodesHeader}.");
        }
        long cpu = 0, memory = 0, gpus = 0;
        while (csv.Read())
        {
            if (csv.Count != 5 || !TraceReader.TryNumber(csv[1], 0, Most, out var nodeCpu)
                || !TraceReader.TryNumber(csv[2], 0, Most, out var nodeMemory)
                || !TraceReader.TryNumber(csv[3], 0, 1_000, out var nodeGpus))
            {
                throw new InvalidDataException($"{NodesFile}, line {csv.RawRow}: not a node: {csv.RawRecord.Trim()}");
            }
            cpu += nodeCpu;
            memory += nodeMemory;
            gpus += nodeGpus;
        }
        return
        [
            new TracePool(CpuPool, "milli", Share(cpu)), new TracePool(MemoryPool, "MiB", Share(memory)),
            new TracePool(GpuPool, "milli", Share(gpus * 1_000)),
        ];
    }

    private static long Share(long ofAllNodes) => (ofAllNodes + NodesPerUnit - 1) / NodesPerUnit;

    private static TraceItem? ReadPod(CsvParser csv, long row, out RejectReason reason)
    {
        if (csv[0].Length == 0)
        {
            reason = RejectReason.NoKey;
            return null;
        }
        if (!TraceReader.TryNumber(csv[1], 0, Most, out var cpu)
            || !TraceReader.TryNumber(csv[2], 0, Most, out var memory)
            || !TraceReader.TryNumber(csv[3], 0, 1_000, out var gpus)
            || !TraceReader.TryNumber(csv[4].Length == 0 ? "0" : csv[4], 0, 1_000, out var gpu)
            || cpu + memory + (gpus * gpu) == 0)
        {
            reason = RejectReason.BadQuantity;
            return null;
        }
        if (!QosClasses.Contains(csv[6]))
        {
            reason = RejectReason.UnknownClass;
            return null;
        }
        var scheduled = csv[10].Length > 0;
        long scheduledAt = 0;
        if (!TraceReader.TryNumber(csv[8], 0, Most, out var createdAt)
            || !TraceReader.TryNumber(csv[9], 0, Most, out var deletedAt)
            || (scheduled && !TraceReader.TryNumber(csv[10], 0, Most, out scheduledAt)))
        {
            reason = RejectReason.BadDate;
            return null;
        }
        if (deletedAt < createdAt || (scheduled && (scheduledAt < createdAt || deletedAt < scheduledAt)))
        {
            reason = RejectReason.EndsBeforeItBegins;
            return null;
        }
        reason = default;
        return new TraceItem
        {
            Row = row,
            Id = csv[0],
            Channel = csv[6],
            Shares = [.. Shares(cpu, memory, gpus * gpu)],
            BeginsAt = At(createdAt),
            ConfirmedAt = scheduled ? At(scheduledAt) : null,
            EndsAt = At(deletedAt),
        };
    }

    private static IEnumerable<TraceShare> Shares(long cpu, long memory, long gpu)
    {
        (string Pool, long Quantity)[] all = [(CpuPool, cpu), (MemoryPool, memory), (GpuPool, gpu)];
        return all.Where(s => s.Quantity > 0).Select(s => new TraceShare(s.Pool, s.Quantity, s.Quantity));
    }

    private static DateTime At(long seconds) => DateTime.UnixEpoch.AddSeconds(seconds);
}
