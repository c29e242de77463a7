using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Catalogue;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Operations;
using Alloc.Schemas.Orders;
using Alloc.Schemas.Payments;
using Alloc.Schemas.Projection;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Samples;
using Alloc.Schemas.Supply;
using Alloc.Schemas.Warehouse;
using Alloc.Schemas.Workflow;
using Avro.Generic;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Confluent.SchemaRegistry.Serdes;
using Schemas.Tests.Registry;

namespace Schemas.Tests.Oracle;

/// <summary>
/// Confluent's serdes over Apache's Avro against our codec, through the embedded registry: what either writes the other
/// reads, for every schema that travels and every branch of its unions.
/// </summary>
public sealed class OracleTests : IAsyncLifetime
{
    /// <summary>How many values at a time, until every branch of every union has had its turn.</summary>
    private const int ValueCount = 400;

    /// <summary>A branch that so many values did not have is one that values cannot have.</summary>
    private const int MaximumCount = 20_000;

    private readonly string directory = Directory.CreateTempSubdirectory("alloc-oracle-").FullName;
    private RegistryUnderTest registry = null!;
    private CachedSchemaRegistryClient theirs = null!;
    private GuardedRegistryClient ours = null!;

    private static readonly Dictionary<string, Contract> Known = new Contract[]
    {
        new Contract<AllocationCommand>(), new Contract<AllocationOutcome>(), new Contract<PoolAvailability>(),
        new Contract<PolicyInForce>(), new Contract<OrderAllocation>(), new Contract<StageEvent>(),
        new Contract<StageStatus>(), new Contract<StageDelta>(), new Contract<StagePrediction>(),
        new Contract<AgingAlert>(), new Contract<ModeState>(), new Contract<CatalogueInForce>(),
        new Contract<StockSnapshot>(), new Contract<WarehouseMovement>(), new Contract<SupplyRequest>(),
        new Contract<OrderStatus>(), new Contract<PaymentStatus>(), new Contract<EffectReceipt>(),
        new Contract<ReconciliationControl>(), new Contract<Difference>(), new Contract<Mismatch>(),
        new Contract<MismatchEvent>(), new Contract<RepairDecision>(), new Contract<OperatorAction>(),
        new Contract<ScanMessage>(), new Contract<ScanReport>(), new Contract<RebuildRequest>(),
        new Contract<Everything>(), new Contract<Defaults>(), new Contract<Tree>(),
        new Contract<Words>(), new Contract<Nothings>(),
    }.ToDictionary(c => c.Topic, StringComparer.Ordinal);

    private static readonly IReadOnlyList<string> Travelling =
        [.. TopicCatalogue.Load().Topics.Select(t => t.Schema).OfType<string>().Distinct()];

    private static readonly Lazy<SpecificClasses> Classes = new(
        () => SpecificClasses.Of(Travelling.Select(t => Known[t].Schema.ToString())));

    public static TheoryData<string> All => [.. Known.Keys];

    /// <summary>Every schema of the catalogue: one that is not known here fails.</summary>
    public static TheoryData<string> OfTopics => [.. Travelling];

    public async ValueTask InitializeAsync()
    {
        registry = await RegistryUnderTest.StartAsync(directory);
        theirs = new CachedSchemaRegistryClient(new SchemaRegistryConfig { Url = registry.Address.ToString() });
        ours = new GuardedRegistryClient(
            new SchemaRegistryOptions { Urls = [registry.Address] }, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        ours.Dispose();
        theirs.Dispose();
        await registry.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>They write under the id of our schema, so that our reader has nothing to resolve.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task What_their_generic_serializer_writes_we_read_and_what_we_write_their_deserializer_reads(
        string name)
    {
        var contract = Known[name];
        var schema = (Avro.RecordSchema)Avro.Schema.Parse(contract.Schema.ToString());
        var values = new RandomValues(seed: 20);
        var context = new SerializationContext(MessageComponentType.Value, contract.Topic);
        await contract.RegisterAsync(this.ours);
        var serializer = new AvroSerializer<GenericRecord>(
            this.theirs, new AvroSerializerConfig { AutoRegisterSchemas = false, UseLatestVersion = true });
        var deserializer = new AvroDeserializer<GenericRecord>(this.theirs);

        for (var i = 0; i % ValueCount > 0 || i == 0 || values.NeverTaken(schema).Count > 0; i++)
        {
            Assert.True(i < MaximumCount, string.Join(", ", values.NeverTaken(schema)));
            var theirs = await serializer.SerializeAsync(values.Next(schema), context);
            var ours = contract.Rewrite(this.ours, theirs);
            var read = await deserializer.DeserializeAsync(ours, isNull: false, context);

            Assert.Equal(theirs, ours);
            Assert.Equal(theirs, await serializer.SerializeAsync(read, context));
        }
    }

    /// <summary>They register their own text of the schema, so that each side resolves the other's.</summary>
    [Theory]
    [MemberData(nameof(OfTopics))]
    public async Task The_same_with_classes_that_their_generator_makes(string name)
    {
        var contract = Known[name];
        var schema = (Avro.RecordSchema)Avro.Schema.Parse(contract.Schema.ToString());
        var classes = Classes.Value;
        var values = new RandomValues(seed: 21);
        var context = new SerializationContext(MessageComponentType.Value, contract.Topic);
        var peer = classes.Peer(contract.Topic, this.ours);

        for (var i = 0; i < ValueCount; i++)
        {
            var theirs = await peer.SerializeAsync(classes.Convert(values.Next(schema)), context);
            var ours = contract.Rewrite(this.ours, theirs);
            var read = await peer.DeserializeAsync(ours, context);

            Assert.Equal(Value(theirs), Value(ours));
            Assert.Equal(theirs, await peer.SerializeAsync(read, context));
        }
    }

    private static byte[] Value(byte[] message) => message[ConfluentFraming.HeaderSize..];
}

/// <summary>A generated record.</summary>
internal abstract class Contract
{
    /// <summary>The schema that its type was generated from.</summary>
    public abstract AvroSchema Schema { get; }

    /// <summary>A topic of its own, so that the embedded registry has a subject for each.</summary>
    public string Topic => ((RecordSchema)Schema).FullName;

    /// <summary>Registers our text of the schema.</summary>
    public abstract Task RegisterAsync(ISchemaRegistryClient registry);

    /// <summary>Reads a framed message and writes it again.</summary>
    public abstract byte[] Rewrite(ISchemaRegistryClient registry, byte[] message);
}

/// <inheritdoc/>
internal sealed class Contract<T> : Contract
    where T : class, IAvroRecord<T>
{
    public override AvroSchema Schema => T.Schema;

    public override async Task RegisterAsync(ISchemaRegistryClient registry) =>
        await new AvroSerde<T>(registry, ConfluentFraming.SubjectOf(Topic)).InitializeAsync();

    public override byte[] Rewrite(ISchemaRegistryClient registry, byte[] message)
    {
        var serde = new AvroSerde<T>(registry, ConfluentFraming.SubjectOf(Topic));
        // So that a message of our own schema is read without resolution.
        serde.InitializeAsync().AsTask().GetAwaiter().GetResult();
        return serde.Serialize(serde.Deserialize(message));
    }
}
