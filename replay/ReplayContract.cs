using Alloc.Schemas.Allocation;

namespace Alloc.Replay;

/// <summary>Writes what the replay asks as commands of the contract.</summary>
/// <param name="run">Name of the run: the correlation of all its commands.</param>
/// <param name="service">The service in whose name commands are sent.</param>
/// <param name="source">The source that reports supply.</param>
internal sealed class ReplayContract(string run, string service, string source)
{
    private const string UsualChannel = "web";
    private readonly Actor usual = new() { Type = ActorType.Service, Id = service, Channel = UsualChannel };

    /// <summary>The command as it goes on the log.</summary>
    /// <param name="intent">What is asked.</param>
    /// <param name="issuedAtMs">The producer's clock, in milliseconds since 1970.</param>
    public AllocationCommand Write(ReplayIntent intent, long issuedAtMs) => new()
    {
        CommandId = intent.CommandId,
        PoolId = intent.PoolId,
        Actor = intent.Channel is { } channel ? usual with { Channel = channel } : usual,
        CorrelationId = run,
        IssuedAtMs = issuedAtMs,
        Body = Body(intent),
    };

    private AllocationCommandBody Body(ReplayIntent intent) => intent switch
    {
        ReplayIntent.Configure pool => new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings
            {
                Unit = pool.Unit,
                Kind = pool.IsCapacity ? PoolKind.Capacity : PoolKind.Stock,
                SnapshotSource = source,
            },
        },
        ReplayIntent.OpeningStock stock => new AllocationCommandBody.SupplySnapshot
        {
            Source = source,
            Version = 1,
            Quantity = stock.Quantity,
            Through = 0,
        },
        ReplayIntent.NewStock stock => new AllocationCommandBody.SupplyDelta
        {
            Source = source,
            SourceSequence = stock.Sequence,
            Quantity = stock.Quantity,
        },
        ReplayIntent.Hold hold => Hold(hold),
        ReplayIntent.Confirm confirm => new AllocationCommandBody.Confirm
        {
            ReservationId = confirm.ReservationId,
            Quantity = confirm.Total,
            Remainder = Remainder.Release,
        },
        ReplayIntent.Release release => new AllocationCommandBody.Release
        {
            ReservationId = release.ReservationId,
            Quantity = release.Quantity,
            Bucket = release.IsWhole ? ReleaseBucket.All : ReleaseBucket.Held,
            Reason = release.Why,
        },
        ReplayIntent.Consume consume => new AllocationCommandBody.Consume
        {
            ReservationId = consume.ReservationId,
            Quantity = consume.Quantity,
            ConsumeId = consume.CommandId,
            OccurredAtMs = new DateTimeOffset(consume.OccurredAt, TimeSpan.Zero).ToUnixTimeMilliseconds(),
        },
        ReplayIntent.Return returned => new AllocationCommandBody.Return
        {
            ReservationId = returned.ReservationId,
            Quantity = returned.Quantity,
            ConsumeId = returned.CommandId,
            Disposition = returned.IsDamaged ? ReturnDisposition.Blocked : ReturnDisposition.Free,
        },
        _ => throw new System.Diagnostics.UnreachableException(intent.GetType().Name),
    };

    private static AllocationCommandBody.Hold Hold(ReplayIntent.Hold hold)
    {
        var single = hold.Lines.Count == 1;
        return new AllocationCommandBody.Hold
        {
            ReservationId = single ? hold.Lines[0].ReservationId : null,
            Quantity = single ? hold.Lines[0].Quantity : null,
            Lines = single ? [] : [.. hold.Lines.Select(
                l => new HoldLine { ReservationId = l.ReservationId, Quantity = l.Quantity })],
            Mode = HoldMode.AllOrNothing,
            TtlMs = (long)hold.Ttl.TotalMilliseconds,
            OrderRef = hold.Invoice,
            CustomerRef = hold.Customer,
            GroupId = hold.GroupId,
        };
    }
}
