using Alloc.Schemas.Avro;
using Confluent.SchemaRegistry;

namespace Alloc.Schemas.Registry;

/// <summary>Schemas as Confluent's client carries them, and as codecs need them.</summary>
public static class RegistrySchemas
{
    /// <summary>The schema as the client sends it.</summary>
    public static Schema ForRegistry(this AvroSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return new Schema(schema.ToString(), SchemaType.Avro);
    }

    /// <summary>The schema of an id, parsed.</summary>
    /// <exception cref="UnknownSchemaException">The registry knows no such id.</exception>
    /// <exception cref="AvroException">What the registry holds is no Avro schema.</exception>
    /// <exception cref="RegistryUnavailableException">The registry does not answer.</exception>
    public static async Task<AvroSchema> GetAvroSchemaAsync(this GuardedRegistryClient registry, int schemaId)
    {
        ArgumentNullException.ThrowIfNull(registry);
        var schema = await registry.GetSchemaAsync(schemaId).ConfigureAwait(false);
        return TypeOf(schema) is SchemaType.Avro
            ? AvroSchema.Parse(schema.SchemaString)
            : throw new AvroException($"Schema {schemaId} is not of type AVRO.");
    }

    // The client throws for a type that it does not know, which is as good as another type.
    private static SchemaType? TypeOf(Schema schema)
    {
        try
        {
            return schema.SchemaType;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
