using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Engine.Processing;
using Alloc.Processors.Backlog;
using Alloc.Web.Reads;

namespace Alloc.Web.Endpoints;

/// <summary>Holds at risk of all partitions, the first to expire first.</summary>
internal sealed class AtRiskRows(BacklogDirectory backlog, string? stageId, int limit, long nowMs) : IGathered
{
    private readonly List<JsonObject> rows = [];

    /// <summary>The first of them.</summary>
    public JsonArray Rows => new([.. rows.OrderBy(r => (string)r["expiresAt"]!, StringComparer.Ordinal).Take(limit)
        .Select(r => r.DeepClone())]);

    /// <inheritdoc/>
    public bool TryTake(int partition, out string? fault)
    {
        fault = null;
        try
        {
            if (backlog.Partition(partition) is not { } stores)
            {
                return false;
            }
            var found = backlog.AtRisk(stores, stageId, limit);
            if (backlog.Partition(partition) is null)
            {
                return false;
            }
            Add(found, partition);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        catch (StreamsException e)
        {
            fault = string.Create(
                CultureInfo.InvariantCulture, $"Entries of partition {partition} cannot be read: {e.Message}");
            return false;
        }
    }

    /// <inheritdoc/>
    public bool TryTakeLast(int partition)
    {
        try
        {
            if (backlog.PartitionLast(partition) is not { } last)
            {
                return false;
            }
            Add(backlog.AtRisk(last.Stores, stageId, limit), partition);
            return true;
        }
        catch (Exception e) when (e is ObjectDisposedException or StreamsException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Take(JsonObject answer, IReadOnlySet<int> partitions) => rows.AddRange(
        answer["holds"]!.AsArray().OfType<JsonObject>()
            .Where(r => partitions.Contains(r["partition"]!.GetValue<int>())).Select(r => (JsonObject)r.DeepClone()));

    private void Add(IReadOnlyList<HoldAtRisk> found, int partition) =>
        rows.AddRange(found.Select(h => BacklogJson.AtRisk(h, partition, nowMs)));
}
