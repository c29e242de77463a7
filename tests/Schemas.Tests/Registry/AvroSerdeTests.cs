using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Samples;

namespace Schemas.Tests.Registry;

public sealed class AvroSerdeTests : IDisposable
{
    private readonly InMemorySchemaRegistryClient registry = new();

    public void Dispose() => registry.Dispose();

    [Fact]
    public void A_record_is_framed_with_its_schema_id_and_read_back()
    {
        var serde = new AvroSerde<Tree>(registry, ConfluentFraming.SubjectOf("trees"));

        var message = serde.Serialize(new Tree { Value = 5, Next = new Tree { Value = 6 } });

        Assert.Equal([0, 0, 0, 0, 1], message[..5]);
        Assert.Equal(6, serde.Deserialize(message).Next!.Value);
    }

    [Fact]
    public async Task A_record_of_another_version_is_resolved()
    {
        var older = AvroSchema.Parse("""
            {"type":"record","name":"Tree","namespace":"alloc.samples","fields":[
              {"name":"gone","type":"string"},{"name":"value","type":"int"}]}
            """);
        var id = await registry.RegisterSchemaAsync("trees-value", older.ForRegistry());
        var serde = new AvroSerde<Tree>(registry, "trees-value");
        byte[] message = [0, 0, 0, 0, (byte)id, 6, (byte)'a', (byte)'b', (byte)'c', 84];

        var tree = serde.Deserialize(message);

        Assert.Equal(42, tree.Value);
        Assert.Empty(tree.Children);
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0, 0, 0, 0 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 1, 84, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 99, 84, 0, 0 })]
    [InlineData(new byte[] { 0, 255, 255, 255, 255, 84, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 1, 84, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 1, 84, 0, 0, 0 })]
    public async Task What_is_not_a_framed_record_of_a_known_schema_is_a_bad_record(byte[] message)
    {
        var serde = new AvroSerde<Tree>(registry, "trees-value");
        await serde.InitializeAsync(TestContext.Current.CancellationToken);

        Assert.ThrowsAny<AvroException>(() => serde.Deserialize(message));
    }

    [Fact]
    public async Task A_record_of_an_incompatible_schema_is_a_bad_record()
    {
        var id = await registry.RegisterSchemaAsync("x", AvroSchema.Parse("\"string\"").ForRegistry());
        var serde = new AvroSerde<Tree>(registry, "trees-value");

        var error = Assert.Throws<AvroException>(() => serde.Deserialize([0, 0, 0, 0, (byte)id, 2, 65]));

        Assert.Contains("does not fit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_is_written_into_a_buffer_writer()
    {
        var serde = new AvroSerde<Tree>(registry, "trees-value");
        var target = new System.Buffers.ArrayBufferWriter<byte>();

        serde.Serialize(new Tree { Value = 1 }, target);

        Assert.Equal(serde.Serialize(new Tree { Value = 1 }), target.WrittenSpan.ToArray());
    }
}
