using System.Net;
using Confluent.SchemaRegistry;

namespace Alloc.Schemas.Registry;

/// <summary>
/// A registry inside the process, without compatibility rules: for the topology test driver and the simulator, and for
/// tools that need no other process. It fails as Confluent's client fails. Ids count from 1 in the order of
/// registration. Associations, metadata and GUIDs are not kept.
/// </summary>
public sealed class InMemorySchemaRegistryClient : ISchemaRegistryClient
{
    private readonly Lock changing = new();
    private readonly List<Schema> schemas = [];
    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, List<int>> subjects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Compatibility> levels = new(StringComparer.Ordinal);

    /// <summary>Whether it answers as a registry that cannot be reached.</summary>
    public bool IsAway { get; set; }

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, string>> Config { get; } =
        [new(SchemaRegistryConfig.PropertyNames.SchemaRegistryUrl, "memory")];

    /// <inheritdoc/>
    public IAuthenticationHeaderValueProvider AuthHeaderProvider => null!;

    /// <inheritdoc/>
    public IWebProxy Proxy => null!;

    /// <inheritdoc/>
    public int MaxCachedSchemas => int.MaxValue;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <inheritdoc/>
    public void ClearLatestCaches()
    {
    }

    /// <inheritdoc/>
    public void ClearCaches()
    {
    }

    /// <inheritdoc/>
    public Task<Schema> GetSchemaAsync(int id, string? format = null) =>
        AnswerAsync(() => id >= 1 && id <= schemas.Count ? schemas[id - 1] : throw NotFound(40403, "Schema"));

    /// <inheritdoc/>
    public Task<RegisteredSchema> RegisterSchemaWithResponseAsync(
        string subject, Schema schema, bool normalize = false)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return AnswerAsync(() =>
        {
            if (!ids.TryGetValue(schema.SchemaString, out var id))
            {
                schemas.Add(schema);
                id = schemas.Count;
                ids.Add(schema.SchemaString, id);
            }
            if (!subjects.TryGetValue(subject, out var versions))
            {
                subjects.Add(subject, versions = []);
            }
            if (!versions.Contains(id))
            {
                versions.Add(id);
            }
            return Describe(subject, versions.IndexOf(id) + 1, id);
        });
    }

    /// <inheritdoc/>
    public async Task<int> RegisterSchemaAsync(string subject, Schema schema, bool normalize = false) =>
        (await RegisterSchemaWithResponseAsync(subject, schema, normalize).ConfigureAwait(false)).Id;

    /// <inheritdoc/>
    public async Task<int> GetSchemaIdAsync(string subject, Schema schema, bool normalize = false) =>
        (await LookupSchemaAsync(subject, schema, ignoreDeletedSchemas: true, normalize).ConfigureAwait(false)).Id;

    /// <inheritdoc/>
    public Task<Schema> GetSchemaBySubjectAndIdAsync(string subject, int id, string? format = null) =>
        GetSchemaAsync(id, format);

    /// <inheritdoc/>
    public Task<RegisteredSchema> LookupSchemaAsync(
        string subject, Schema schema, bool ignoreDeletedSchemas, bool normalize = false)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return AnswerAsync(() => ids.TryGetValue(schema.SchemaString, out var id)
            && VersionsOf(subject).IndexOf(id) is >= 0 and var index
                ? Describe(subject, index + 1, id)
                : throw NotFound(40403, "Schema"));
    }

    /// <inheritdoc/>
    public Task<RegisteredSchema> GetRegisteredSchemaAsync(
        string subject, int version, bool ignoreDeletedSchemas = true) => AnswerAsync(() =>
        {
            var versions = VersionsOf(subject);
            return version >= 1 && version <= versions.Count
                ? Describe(subject, version, versions[version - 1])
                : throw NotFound(40402, "Version");
        });

    /// <inheritdoc/>
    public Task<RegisteredSchema> GetLatestSchemaAsync(string subject) => AnswerAsync(() =>
    {
        var versions = VersionsOf(subject);
        return Describe(subject, versions.Count, versions[^1]);
    });

    /// <inheritdoc/>
    public Task<List<string>> GetAllSubjectsAsync() => AnswerAsync(() => subjects.Keys.ToList());

    /// <inheritdoc/>
    public Task<List<int>> GetSubjectVersionsAsync(string subject) =>
        AnswerAsync(() => Enumerable.Range(1, VersionsOf(subject).Count).ToList());

    /// <inheritdoc/>
    public Task<bool> IsCompatibleAsync(string subject, Schema schema) => AnswerAsync(() => true);

    /// <inheritdoc/>
    public Task<Compatibility> GetCompatibilityAsync(string? subject = null) =>
        AnswerAsync(() => levels.GetValueOrDefault(subject ?? "", Compatibility.None));

    /// <inheritdoc/>
    public Task<Compatibility> UpdateCompatibilityAsync(Compatibility compatibility, string? subject = null) =>
        AnswerAsync(() => levels[subject ?? ""] = compatibility);

    Task<int> ISchemaRegistryClient.RegisterSchemaAsync(string subject, string avroSchema, bool normalize) =>
        RegisterSchemaAsync(subject, new Schema(avroSchema, SchemaType.Avro), normalize);

    Task<int> ISchemaRegistryClient.GetSchemaIdAsync(string subject, string avroSchema, bool normalize) =>
        GetSchemaIdAsync(subject, new Schema(avroSchema, SchemaType.Avro), normalize);

    async Task<string> ISchemaRegistryClient.GetSchemaAsync(string subject, int version) =>
        (await GetRegisteredSchemaAsync(subject, version).ConfigureAwait(false)).SchemaString;

    Task<bool> ISchemaRegistryClient.IsCompatibleAsync(string subject, string avroSchema) =>
        IsCompatibleAsync(subject, new Schema(avroSchema, SchemaType.Avro));

    string ISchemaRegistryClient.ConstructKeySubjectName(string topic, string? recordType) => topic + "-key";

    string ISchemaRegistryClient.ConstructValueSubjectName(string topic, string? recordType) =>
        ConfluentFraming.SubjectOf(topic);

    Task<Schema> ISchemaRegistryClient.GetSchemaByGuidAsync(string guid, string? format) =>
        throw new NotSupportedException();

    Task<RegisteredSchema> ISchemaRegistryClient.GetLatestWithMetadataAsync(
        string subject, IDictionary<string, string> metadata, bool ignoreDeletedSchemas) =>
        throw new NotSupportedException();

    Task<List<Association>> ISchemaRegistryClient.GetAssociationsByResourceNameAsync(
        string resourceName, string resourceNamespace, string resourceType, List<string> associationTypes,
        string lifecycle, int offset, int limit) => AnswerAsync(() => new List<Association>());

    Task<AssociationResponse> ISchemaRegistryClient.CreateAssociationAsync(AssociationCreateOrUpdateRequest request) =>
        throw new NotSupportedException();

    Task ISchemaRegistryClient.DeleteAssociationsAsync(
        string resourceId, string resourceType, List<string> associationTypes, bool cascadeLifecycle) =>
        throw new NotSupportedException();

    private static SchemaRegistryException NotFound(int errorCode, string what) =>
        new($"{what} not found.", HttpStatusCode.NotFound, errorCode);

    private List<int> VersionsOf(string subject) =>
        subjects.TryGetValue(subject, out var versions) ? versions : throw NotFound(40401, "Subject");

    private RegisteredSchema Describe(string subject, int version, int id) =>
        new(subject, version, id, schemas[id - 1].SchemaString, SchemaType.Avro, []);

    private Task<T> AnswerAsync<T>(Func<T> answer)
    {
        lock (changing)
        {
            try
            {
                return IsAway
                    ? throw new HttpRequestException("away", new HttpRequestException("It is switched off."))
                    : Task.FromResult(answer());
            }
            catch (HttpRequestException failure)
            {
                return Task.FromException<T>(failure);
            }
        }
    }
}
