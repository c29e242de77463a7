using Alloc.Engine.Processing;
using Alloc.Processors.Projection.Scanning;
using Alloc.Processors.Records;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>What a report of a scan must be.</summary>
internal static class ScanReportRules
{
    /// <exception cref="BadRecordException">It is not.</exception>
    public static void Check(string? key, ScanReport report, int partition)
    {
        RecordRules.CheckKey(key, report.ScanId, "scanId");
        if (report.Partition != partition)
        {
            throw new BadRecordException(FormattableString.Invariant(
                $"it is of partition {report.Partition} and lies in partition {partition}"));
        }
        if (report.PoolId is { } pool)
        {
            RecordRules.CheckId("poolId", pool);
        }
        RecordRules.CheckNumber("offset", report.Offset, 0);
        RecordRules.CheckNumber("number of findings", report.Findings.Count, 0, ScanFindings.PerPartition);
        foreach (var finding in report.Findings)
        {
            Check(finding, report.PoolId);
        }
    }

    private static void Check(ScanFinding finding, string? poolId)
    {
        if (finding.ReservationId is { } reservation)
        {
            RecordRules.CheckId("reservationId of a finding", reservation);
        }
        if (finding.PoolId is { } pool)
        {
            RecordRules.CheckId("poolId of a finding", pool);
        }
        else if (finding.ReservationId is not null)
        {
            throw new BadRecordException("a finding names a reservation and no pool")
            {
                Kind = BadRecordKind.Incomplete,
            };
        }
        if (poolId is not null && finding.PoolId != poolId)
        {
            throw new BadRecordException(
                $"a finding is of {finding.PoolId ?? "the partition"} and the report of pool {poolId}");
        }
        if (finding.OrderRef is { } order)
        {
            RecordRules.CheckId("orderRef of a finding", order);
        }
        RecordRules.CheckNumber("length of what a finding says", finding.Ledger.Length, 1, TextBounds.Words);
        RecordRules.CheckNumber("length of what a finding says", finding.Search.Length, 1, TextBounds.Words);
    }
}
