using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Registry;

/// <summary>A schema as a registry holds it.</summary>
/// <param name="Subject">The subject, for example <c>allocation.commands-value</c>.</param>
/// <param name="Version">The version in the subject, from 1.</param>
/// <param name="Id">The id in the registry, which records carry.</param>
/// <param name="SchemaText">The schema as JSON.</param>
public sealed record RegisteredSchema(string Subject, int Version, int Id, string SchemaText);

/// <summary>Whether a schema may become a subject's next version.</summary>
/// <param name="IsCompatible">Whether it may.</param>
/// <param name="Messages">Why not, one problem a line.</param>
public sealed record CompatibilityAnswer(bool IsCompatible, IReadOnlyList<string> Messages);

/// <summary>
/// A client of a schema registry with Confluent's HTTP interface. All members throw
/// <see cref="RegistryUnavailableException"/> when the registry does not answer within the bounds of the options, and
/// <see cref="RegistryRefusedException"/> when it refuses.
/// </summary>
public interface ISchemaRegistryClient
{
    /// <summary>The schema of an id; asked for once.</summary>
    /// <exception cref="UnknownSchemaException">The registry knows no such id.</exception>
    ValueTask<AvroSchema> GetSchemaAsync(int schemaId, CancellationToken cancellationToken = default);

    /// <summary>Registers a schema under a subject, or finds it there; the answer is its id.</summary>
    ValueTask<int> RegisterAsync(string subject, AvroSchema schema, CancellationToken cancellationToken = default);

    /// <summary>The schema as the subject holds it; null when the subject does not.</summary>
    Task<RegisteredSchema?> LookUpAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default);

    /// <summary>A subject's schema; null when there is no such subject or version.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="version">The version; null for the newest.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<RegisteredSchema?> GetVersionAsync(
        string subject, int? version, CancellationToken cancellationToken = default);

    /// <summary>All subjects, by name.</summary>
    Task<IReadOnlyList<string>> GetSubjectsAsync(CancellationToken cancellationToken = default);

    /// <summary>A subject's versions; empty when there is no such subject.</summary>
    Task<IReadOnlyList<int>> GetVersionsAsync(string subject, CancellationToken cancellationToken = default);

    /// <summary>Whether a schema may become the subject's next version.</summary>
    Task<CompatibilityAnswer> CheckCompatibilityAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default);

    /// <summary>Sets a subject's compatibility level, for example <c>FULL_TRANSITIVE</c>.</summary>
    Task SetCompatibilityAsync(string subject, string level, CancellationToken cancellationToken = default);

    /// <summary>The compatibility level that applies to a subject: its own, else the registry's.</summary>
    Task<string> GetCompatibilityAsync(string subject, CancellationToken cancellationToken = default);
}
