using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;

namespace Topology.Tests.Topology;

/// <summary>A schema registry that can be switched off.</summary>
internal sealed class SwitchableRegistry : ISchemaRegistryClient
{
    private readonly InMemorySchemaRegistryClient inner = new();

    public bool IsAway { get; set; }

    private ISchemaRegistryClient Inner => IsAway ? throw new RegistryUnavailableException() : inner;

    public ValueTask<AvroSchema> GetSchemaAsync(int schemaId, CancellationToken cancellationToken = default) =>
        Inner.GetSchemaAsync(schemaId, cancellationToken);

    public ValueTask<int> RegisterAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default) =>
        Inner.RegisterAsync(subject, schema, cancellationToken);

    public Task<RegisteredSchema?> LookUpAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default) =>
        Inner.LookUpAsync(subject, schema, cancellationToken);

    public Task<RegisteredSchema?> GetVersionAsync(
        string subject, int? version, CancellationToken cancellationToken = default) =>
        Inner.GetVersionAsync(subject, version, cancellationToken);

    public Task<IReadOnlyList<string>> GetSubjectsAsync(CancellationToken cancellationToken = default) =>
        Inner.GetSubjectsAsync(cancellationToken);

    public Task<IReadOnlyList<int>> GetVersionsAsync(string subject, CancellationToken cancellationToken = default) =>
        Inner.GetVersionsAsync(subject, cancellationToken);

    public Task<CompatibilityAnswer> CheckCompatibilityAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default) =>
        Inner.CheckCompatibilityAsync(subject, schema, cancellationToken);

    public Task SetCompatibilityAsync(string subject, string level, CancellationToken cancellationToken = default) =>
        Inner.SetCompatibilityAsync(subject, level, cancellationToken);

    public Task<string> GetCompatibilityAsync(string subject, CancellationToken cancellationToken = default) =>
        Inner.GetCompatibilityAsync(subject, cancellationToken);
}
