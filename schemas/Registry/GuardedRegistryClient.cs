using System.Collections.Concurrent;
using System.Net;
using Alloc.Schemas.Avro;
using Confluent.SchemaRegistry;
using Names = Confluent.SchemaRegistry.SchemaRegistryConfig.PropertyNames;

namespace Alloc.Schemas.Registry;

/// <summary>
/// Confluent's client with what a service that must not lose a record needs around it: every failure says whether the
/// registry is away (<see cref="RegistryUnavailableException"/>: wait) or has refused
/// (<see cref="RegistryRefusedException"/>), with its address, what was asked and what to do; and an id that nobody
/// registered is not asked for again for each of its records (<see cref="UnknownSchemaException"/>). Thread-safe.
/// </summary>
public sealed class GuardedRegistryClient : ISchemaRegistryClient
{
    private const int SchemaNotFound = 40403;
    private const int SubjectNotFound = 40401;
    private const int MaximumUnknownIdCount = 1024;

    private readonly ISchemaRegistryClient client;
    private readonly TimeProvider time;
    private readonly TimeSpan unknownIdLifetime;
    private readonly string address;
    private readonly ConcurrentDictionary<int, long> unknownIds = new();

    /// <summary>A client of the registry that the options name.</summary>
    /// <exception cref="ArgumentException">The client does not know a setting, or not its value.</exception>
    /// <exception cref="IOException">A file of the settings cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate of the settings is
    /// none.</exception>
    public GuardedRegistryClient(SchemaRegistryOptions options, TimeProvider time)
        : this(new CachedSchemaRegistryClient(options.ToProperties()), options.UnknownIdLifetime, time)
    {
    }

    private GuardedRegistryClient(ISchemaRegistryClient client, TimeSpan unknownIdLifetime, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        this.client = client;
        this.time = time;
        this.unknownIdLifetime = unknownIdLifetime;
        address = string.Join(", ", (client.Config ?? [])
            .Where(p => p.Key == Names.SchemaRegistryUrl).SelectMany(p => p.Value.Split(',')).Select(WithoutUser));
    }

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, string>> Config => client.Config;

    /// <inheritdoc/>
    public IAuthenticationHeaderValueProvider AuthHeaderProvider => client.AuthHeaderProvider;

    /// <inheritdoc/>
    public IWebProxy Proxy => client.Proxy;

    /// <inheritdoc/>
    public int MaxCachedSchemas => client.MaxCachedSchemas;

    /// <summary>The client itself where it is a guarded one, else a guard around it.</summary>
    public static GuardedRegistryClient Over(ISchemaRegistryClient client) =>
        client as GuardedRegistryClient
        ?? new GuardedRegistryClient(client, TimeSpan.FromSeconds(5), TimeProvider.System);

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <inheritdoc/>
    /// <exception cref="UnknownSchemaException">The registry knows no such id.</exception>
    /// <exception cref="AvroException">The registry refuses to give it.</exception>
    public async Task<Schema> GetSchemaAsync(int id, string? format = null)
    {
        if (unknownIds.TryGetValue(id, out var since) && time.GetElapsedTime(since) < unknownIdLifetime)
        {
            throw new UnknownSchemaException(id);
        }
        try
        {
            var schema = await AskAsync($"asked for schema {id}", () => client.GetSchemaAsync(id, format))
                .ConfigureAwait(false);
            return schema.SchemaString is null
                ? throw RegistryFailures.Other(address, ": its answer lacks schema")
                : schema;
        }
        catch (RegistryRefusedException refusal)
        {
            Remember(id);
            throw refusal.ErrorCode is SchemaNotFound or SubjectNotFound
                ? new UnknownSchemaException(id)
                : new AvroException($"The schema registry refuses schema {id}: {refusal.Message}", refusal);
        }
    }

    /// <inheritdoc/>
    public async Task<RegisteredSchema> RegisterSchemaWithResponseAsync(
        string subject, Schema schema, bool normalize = false)
    {
        var answer = await AskAsync(
            $"asked to register {subject}",
            () => client.RegisterSchemaWithResponseAsync(subject, schema, normalize)).ConfigureAwait(false);
        return answer.Id > 0 ? answer : throw RegistryFailures.Other(address, ": its answer lacks id");
    }

    /// <inheritdoc/>
    public async Task<int> RegisterSchemaAsync(string subject, Schema schema, bool normalize = false) =>
        (await RegisterSchemaWithResponseAsync(subject, schema, normalize).ConfigureAwait(false)).Id;

    /// <inheritdoc/>
    public Task<int> GetSchemaIdAsync(string subject, Schema schema, bool normalize = false) => AskAsync(
        $"asked for a schema of {subject}", () => client.GetSchemaIdAsync(subject, schema, normalize));

    /// <inheritdoc/>
    public Task<Schema> GetSchemaBySubjectAndIdAsync(string subject, int id, string? format = null) => AskAsync(
        $"asked for schema {id} of {subject}", () => client.GetSchemaBySubjectAndIdAsync(subject, id, format));

    /// <inheritdoc/>
    public Task<Schema> GetSchemaByGuidAsync(string guid, string? format = null) =>
        AskAsync($"asked for schema {guid}", () => client.GetSchemaByGuidAsync(guid, format));

    /// <inheritdoc/>
    public Task<RegisteredSchema> LookupSchemaAsync(
        string subject, Schema schema, bool ignoreDeletedSchemas, bool normalize = false) => AskAsync(
            $"asked for a schema of {subject}",
            () => client.LookupSchemaAsync(subject, schema, ignoreDeletedSchemas, normalize));

    /// <inheritdoc/>
    public Task<RegisteredSchema> GetRegisteredSchemaAsync(
        string subject, int version, bool ignoreDeletedSchemas = true) => AskAsync(
            $"asked for version {version} of {subject}",
            () => client.GetRegisteredSchemaAsync(subject, version, ignoreDeletedSchemas));

    /// <inheritdoc/>
    public Task<RegisteredSchema> GetLatestSchemaAsync(string subject) =>
        AskAsync($"asked for the newest version of {subject}", () => client.GetLatestSchemaAsync(subject));

    /// <inheritdoc/>
    public Task<RegisteredSchema> GetLatestWithMetadataAsync(
        string subject, IDictionary<string, string> metadata, bool ignoreDeletedSchemas) => AskAsync(
            $"asked for the newest version of {subject}",
            () => client.GetLatestWithMetadataAsync(subject, metadata, ignoreDeletedSchemas));

    /// <inheritdoc/>
    public Task<List<string>> GetAllSubjectsAsync() =>
        AskAsync("asked for its subjects", client.GetAllSubjectsAsync);

    /// <inheritdoc/>
    public Task<List<int>> GetSubjectVersionsAsync(string subject) =>
        AskAsync($"asked for the versions of {subject}", () => client.GetSubjectVersionsAsync(subject));

    /// <inheritdoc/>
    public Task<bool> IsCompatibleAsync(string subject, Schema schema) => AskAsync(
        $"asked whether a schema fits {subject}", () => client.IsCompatibleAsync(subject, schema));

    /// <inheritdoc/>
    public Task<Compatibility> GetCompatibilityAsync(string? subject = null) =>
        AskAsync($"asked for the level of {subject ?? "all"}", () => client.GetCompatibilityAsync(subject));

    /// <inheritdoc/>
    public Task<Compatibility> UpdateCompatibilityAsync(Compatibility compatibility, string? subject = null) =>
        AskAsync(
            $"asked to hold {subject ?? "all"} to {compatibility}",
            () => client.UpdateCompatibilityAsync(compatibility, subject));

    /// <inheritdoc/>
    public Task<List<Association>> GetAssociationsByResourceNameAsync(
        string resourceName, string resourceNamespace, string resourceType, List<string> associationTypes,
        string lifecycle, int offset, int limit) => AskAsync(
            $"asked for the associations of {resourceName}",
            () => client.GetAssociationsByResourceNameAsync(
                resourceName, resourceNamespace, resourceType, associationTypes, lifecycle, offset, limit));

    /// <inheritdoc/>
    public Task<AssociationResponse> CreateAssociationAsync(AssociationCreateOrUpdateRequest request) =>
        AskAsync("asked for an association", () => client.CreateAssociationAsync(request));

    /// <inheritdoc/>
    public Task DeleteAssociationsAsync(
        string resourceId, string resourceType, List<string> associationTypes, bool cascadeLifecycle) => AskAsync(
            $"asked to forget the associations of {resourceId}",
            async () =>
            {
                await client.DeleteAssociationsAsync(resourceId, resourceType, associationTypes, cascadeLifecycle)
                    .ConfigureAwait(false);
                return true;
            });

    /// <inheritdoc/>
    public void ClearLatestCaches() => client.ClearLatestCaches();

    /// <inheritdoc/>
    public void ClearCaches() => client.ClearCaches();

    // What the interface keeps for old callers, in terms of what took its place.
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

    private static string WithoutUser(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address)
        ? address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/')
        : url;

    private async Task<T> AskAsync<T>(string question, Func<Task<T>> ask)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (Exception failure) when (RegistryFailures.Explain(failure, address, question) is { } explained)
        {
            throw explained;
        }
    }

    // An id that nobody registered must not cost a request for each of its records; nor may such ids fill the memory.
    private void Remember(int id)
    {
        if (unknownIds.Count >= MaximumUnknownIdCount)
        {
            unknownIds.Clear();
        }
        unknownIds[id] = time.GetTimestamp();
    }
}
