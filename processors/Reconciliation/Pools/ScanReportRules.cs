using Alloc.Engine.Processing;
using Alloc.Processors.Projection.Scanning;
using Alloc.Schemas.Projection;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>What a report of a scan must be.</summary>
internal static class ScanReportRules
{
    private const int WordsLength = 1_024;

    /// <exception cref="BadRecordException">It is not.</exception>
    public static void Check(string? key, ScanReport report, int partition)
    {
        InputRules.CheckKey("scanId", key, report.ScanId);
        if (report.Partition != partition)
        {
            throw new BadRecordException(FormattableString.Invariant(
                $"it is of partition {report.Partition} and lies in partition {partition}"));
        }
        if (report.PoolId is { } pool)
        {
            InputRules.CheckId("poolId", pool);
        }
        InputRules.CheckNumber("offset", report.Offset, 0);
        InputRules.CheckNumber("number of findings", report.Findings.Count, 0, ScanFindings.PerPartition);
        foreach (var finding in report.Findings)
        {
            Check(finding, report.PoolId);
        }
    }

    private static void Check(ScanFinding finding, string? poolId)
    {
        if (finding.ReservationId is { } reservation)
        {
            InputRules.CheckId("reservationId of a finding", reservation);
        }
        if (finding.PoolId is { } pool)
        {
            InputRules.CheckId("poolId of a finding", pool);
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
            InputRules.CheckId("orderRef of a finding", order);
        }
        InputRules.CheckNumber("length of what a finding says", finding.Ledger.Length, 1, WordsLength);
        InputRules.CheckNumber("length of what a finding says", finding.Search.Length, 1, WordsLength);
    }
}
