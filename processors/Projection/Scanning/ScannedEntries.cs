using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Holds;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Projection;
using K4os.Hash.xxHash;

namespace Alloc.Processors.Projection.Scanning;

/// <summary>
/// What is compared, as each side has it: the ledger from its reservations, searches from their entries. The two ways
/// share no code but the names of statuses.
/// </summary>
public static class ScannedEntries
{
    [ThreadStatic]
    private static AvroWriter? threadWriter;

    /// <summary>What both sides must have the same of, to compare digests.</summary>
    public static long Schema { get; } = unchecked((long)ScannedEntry.Schema.Fingerprint);

    /// <summary>A pool, at the sequence of its last outcome.</summary>
    public static ScannedEntry OfPool(string poolId, long sequence) =>
        new() { PoolId = poolId, Version = sequence };

    /// <summary>A reservation of the ledger.</summary>
    public static ScannedEntry Of(string poolId, Reservation ledger) => new()
    {
        PoolId = poolId,
        ReservationId = ledger.ReservationId,
        Version = ledger.Version,
        Status = ReservationStatuses.Of(ledger with { ForgetAtMs = null }, 0).ToString(),
        Held = ledger.Held,
        Confirmed = ledger.Confirmed,
        Consumed = ledger.Consumed,
        Returned = ledger.Returned,
        Waiting = ledger.Waiting,
        Granted = ledger.Granted,
        Class = ledger.Class,
        CreatedAtMs = ledger.Granted > 0 ? ledger.CreatedAtMs : null,
        ExpiresAtMs = ledger.ExpiresAtMs,
        OrderRef = ledger.OrderRef,
        CustomerRef = ledger.CustomerRef,
        GroupId = ledger.GroupId,
        Channel = ledger.Channel,
        Tier = ledger.Tier,
        ForgetAtMs = ledger.ForgetAtMs,
    };

    /// <summary>A reservation as searches show it.</summary>
    /// <remarks>
    /// When it was created says the ledger only of what was granted; searches say of others when they first heard of
    /// it.
    /// </remarks>
    public static ScannedEntry Of(ReservationView view) => new()
    {
        PoolId = view.PoolId,
        ReservationId = view.ReservationId,
        Version = view.Version,
        Status = view.Status,
        Held = view.Held,
        Confirmed = view.Confirmed,
        Consumed = view.Consumed,
        Returned = view.Returned,
        Waiting = view.Waiting,
        Granted = view.Granted,
        Class = view.Class,
        CreatedAtMs = view.Granted > 0 ? view.CreatedAtMs : null,
        ExpiresAtMs = view.ExpiresAtMs,
        OrderRef = view.OrderRef,
        CustomerRef = view.CustomerRef,
        GroupId = view.GroupId,
        Channel = view.Channel,
        Tier = view.Tier,
        ForgetAtMs = view.ForgetAtMs,
    };

    /// <summary>Its hash: XXH64 of its bytes in Avro.</summary>
    public static ulong DigestOf(ScannedEntry entry)
    {
        var writer = threadWriter ??= new AvroWriter();
        writer.Clear();
        entry.Write(writer);
        return XXH64.DigestOf(writer.WrittenSpan);
    }

    /// <summary>Its place among others.</summary>
    public static PoolKey KeyOf(ScannedEntry entry) => new(entry.PoolId, entry.ReservationId);

    /// <summary>The order of entries: by the bytes of pool, then reservation; a pool before its reservations.</summary>
    public static int Compare(in PoolKey x, in PoolKey y)
    {
        var byPool = Utf8Order.Compare(x.PoolId, y.PoolId);
        return byPool != 0 ? byPool : Utf8Order.Compare(x.Id, y.Id);
    }

    /// <summary>In words.</summary>
    /// <param name="entry">The entry; null: it is not there.</param>
    public static string Describe(ScannedEntry? entry) => entry switch
    {
        null => "not there",
        { ReservationId: "" } => FormattableString.Invariant($"at outcome {entry.Version}"),
        _ => FormattableString.Invariant(
            $"{entry.Status}, version {entry.Version}, held {entry.Held}, confirmed {entry.Confirmed}, consumed ")
            + FormattableString.Invariant($"{entry.Consumed}, order {entry.OrderRef ?? "-"}, customer ")
            + $"{entry.CustomerRef ?? "-"}",
    };
}
