using System.Buffers;
using System.Buffers.Binary;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Reconciliation;

namespace Topology.Tests.Reconciliation;

/// <summary>What an older version left in stores that no journal restores is read by this one.</summary>
public sealed class OlderStateTests
{
    private static readonly WatchedEffect Effect = new() { Event = "Held", AtMs = 1, DueAtMs = 2, RowId = "ship" };

    private static readonly Difference Difference = new()
    {
        MismatchId = "m",
        Kind = DifferenceKind.Stands,
        AtMs = 3,
        ToleranceMs = 4,
        ToleranceRule = "class",
    };

    [Fact]
    public void A_watched_effect_of_the_first_version_is_read() =>
        // Its last two fields came later, each absent: a byte.
        Assert.Equal(Effect, Read<WatchedEffect>(Body(Effect)[..^2]));

    [Fact]
    public void A_difference_of_the_first_version_is_read()
    {
        var open = new OpenDifference { Difference = Difference, DueAtMs = 5, Claim = 1, IsTold = true };
        var said = Body(Difference);
        // The difference's last field came later, and the last three of what is around it.
        byte[] written = [.. said[..^1], .. Body(open)[said.Length..^3]];

        Assert.Equal(open, Read<OpenDifference>(written));
    }

    [Fact]
    public void Every_record_of_a_store_reads_each_of_its_released_versions()
    {
        Assert.Equal(2, ReleasedSchemas.Of("alloc.reconciliation.OpenDifference").Count);
        Assert.Equal(2, ReleasedSchemas.Of("alloc.reconciliation.KeptMismatch").Count);
        Assert.Empty(ReleasedSchemas.Of("alloc.reconciliation.Nothing"));
        _ = new StateSerde<KeptMismatch>();
    }

    private static T Read<T>(byte[] body)
        where T : class, IAvroRecord<T>
    {
        var first = ReleasedSchemas.Of(((RecordSchema)T.Schema).FullName)
            .Single(s => s.Fingerprint != T.Schema.Fingerprint);
        var value = new byte[sizeof(ulong) + body.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(value, first.Fingerprint);
        body.CopyTo(value, sizeof(ulong));
        return new StateSerde<T>().Deserialize(value);
    }

    private static byte[] Body<T>(T value)
        where T : class, IAvroRecord<T>
    {
        var output = new ArrayBufferWriter<byte>();
        new StateSerde<T>().Serialize(value, output);
        return output.WrittenSpan[sizeof(ulong)..].ToArray();
    }
}
