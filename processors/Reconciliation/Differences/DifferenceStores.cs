using System.Buffers;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Processors.Allocation.State;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Keys;
using Alloc.Processors.Reconciliation.Lag;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Differences;

/// <summary>The stores of differences of one family of partitions.</summary>
/// <param name="Open">Differences that stand (<see cref="DifferenceKey"/>, <see cref="OpenDifference"/>).</param>
/// <param name="Timers">When they are tolerated no longer, for each claim.</param>
/// <param name="Catalogue">The catalogue that the partition follows.</param>
/// <param name="Lags">How long pairs took that met (<see cref="LagKey"/>, <see cref="LagWindow"/>).</param>
/// <param name="LagsId">Id of that store, which came later than the others.</param>
internal sealed record DifferenceStores(
    string Open, IReadOnlyList<string> Timers, string Catalogue, string Lags, byte LagsId)
{
    /// <summary>The only key of the catalogue.</summary>
    public const string CatalogueKey = "catalogue";

    /// <summary>Those of partitions of pools.</summary>
    public static DifferenceStores OfPools { get; } =
        new("pool-differences", ["pool-outcome-claims", "pool-movement-claims"], "pool-catalogue", "pool-lags", 16);

    /// <summary>Those of partitions of orders.</summary>
    public static DifferenceStores OfOrders { get; } =
        new("order-differences", ["order-claims", "payment-claims"], "order-catalogue", "order-lags", 38);

    private static ISerde<DifferenceKey> Keys { get; } = new KeySerde<DifferenceKey>(Write, Read);

    /// <summary>The bytes that the keys of a class begin with.</summary>
    public static byte[] PrefixOf(MismatchClass mismatch) => OrderedKeys.PrefixOf(mismatch.ToString());

    /// <summary>The bytes that keys of a class and kind begin with whose id begins so.</summary>
    public static byte[] PrefixOf(MismatchClass mismatch, string kind, string id)
    {
        var output = new ArrayBufferWriter<byte>();
        Write(new DifferenceKey(mismatch, kind, id), output);
        // Without the end of the last text: others go on from there.
        return output.WrittenSpan[..^1].ToArray();
    }

    /// <summary>Defines them, with ids from a number on.</summary>
    public IReadOnlyList<StoreDefinition> Define(byte firstId, StorePersistence persistence) =>
    [
        StoreDefinition.KeyValue(Open, firstId, Keys, new StateSerde<OpenDifference>(), persistence, EntryForm.Bytes),
        StoreDefinition.KeyValue(
            Catalogue, (byte)(firstId + 1), Serdes.Utf8, new StateSerde<CatalogueInForce>(), persistence),
        .. Timers.Select((name, claim) =>
            StoreDefinition.TimeIndex(name, (byte)(firstId + 2 + claim), Keys, persistence)),
        StoreDefinition.KeyValue(Lags, LagsId, LagKey.Serde, new StateSerde<LagWindow>(), persistence),
    ];

    private static void Write(DifferenceKey key, IBufferWriter<byte> output)
    {
        OrderedKeys.WriteText(key.Class.ToString(), output);
        OrderedKeys.WriteText(key.Kind, output);
        OrderedKeys.WriteText(key.Id, output);
    }

    private static DifferenceKey Read(ref KeyReader reader)
    {
        var name = reader.Text();
        return Enum.TryParse<MismatchClass>(name, out var mismatch)
            ? new DifferenceKey(mismatch, reader.Text(), reader.Text())
            : throw new TaskCorruptedException($"A key of a store names the unknown class of mismatches '{name}'.");
    }
}
