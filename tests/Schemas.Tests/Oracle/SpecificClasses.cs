using System.Reflection;
using System.Runtime.Loader;
using Avro;
using Avro.Generic;
using Avro.IO;
using Avro.Specific;
using Confluent.Kafka;
using Confluent.SchemaRegistry;
using Confluent.SchemaRegistry.Serdes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Schemas.Tests.Oracle;

/// <summary>
/// The classes that Apache's own generator makes of schemas, compiled in memory. All schemas at once: its reader looks
/// classes up by their names, and there must be one of each.
/// </summary>
internal sealed class SpecificClasses
{
    private readonly Assembly assembly;

    private SpecificClasses(Assembly assembly) => this.assembly = assembly;

    public static SpecificClasses Of(IEnumerable<string> schemas)
    {
        var generator = new CodeGen();
        foreach (var schema in schemas)
        {
            generator.AddSchema(schema);
        }
        generator.GenerateCode();
        var trees = generator.GetTypes().Values.Select(source => CSharpSyntaxTree.ParseText(
            source));
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "Specific", trees, references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        image.Position = 0;
        return new SpecificClasses(AssemblyLoadContext.Default.LoadFromStream(image));
    }

    /// <summary>Confluent's serdes of the class that is named like a record.</summary>
    public ISpecificPeer Peer(string record, ISchemaRegistryClient registry) => (ISpecificPeer)Activator.CreateInstance(
        typeof(SpecificPeer<>).MakeGenericType(assembly.GetType(record, throwOnError: true)!), registry)!;

    /// <summary>The same value as an object of the class that is named like its record.</summary>
    public ISpecificRecord Convert(GenericRecord value)
    {
        using var stream = new MemoryStream();
        new GenericDatumWriter<GenericRecord>(value.Schema).Write(value, new BinaryEncoder(stream));
        stream.Position = 0;
        var type = assembly.GetType(value.Schema.Fullname, throwOnError: true)!;
        return new SpecificDatumReader<ISpecificRecord>(value.Schema, value.Schema).Read(
            (ISpecificRecord)Activator.CreateInstance(type)!, new BinaryDecoder(stream));
    }
}

/// <summary>Confluent's serdes of one class, whatever it is.</summary>
internal interface ISpecificPeer
{
    Task<byte[]> SerializeAsync(ISpecificRecord value, SerializationContext context);

    Task<ISpecificRecord> DeserializeAsync(byte[] message, SerializationContext context);
}

/// <inheritdoc/>
internal sealed class SpecificPeer<T>(ISchemaRegistryClient registry) : ISpecificPeer
    where T : class, ISpecificRecord
{
    private readonly AvroSerializer<T> serializer = new(registry);
    private readonly AvroDeserializer<T> deserializer = new(registry);

    public Task<byte[]> SerializeAsync(ISpecificRecord value, SerializationContext context) =>
        serializer.SerializeAsync((T)value, context);

    public async Task<ISpecificRecord> DeserializeAsync(byte[] message, SerializationContext context) =>
        await deserializer.DeserializeAsync(message, isNull: false, context);
}
