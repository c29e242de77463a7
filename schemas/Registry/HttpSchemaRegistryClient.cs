using System.Collections.Concurrent;
using System.Text.Json;
using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Registry;

/// <summary>
/// A client of a schema registry over HTTP (Confluent's interface, version 1). Schemas and ids are asked for once and
/// kept; requests are tried a bounded number of times. Thread-safe.
/// </summary>
public sealed class HttpSchemaRegistryClient : ISchemaRegistryClient, IDisposable
{
    private const int SubjectNotFound = 40401;
    private const int VersionNotFound = 40402;
    private const int SchemaNotFound = 40403;
    private const int SubjectLevelNotFound = 40408;
    private const int MaximumUnknownIdCount = 1024;

    private readonly RegistryTransport _transport;
    private readonly TimeProvider _time;
    private readonly TimeSpan _unknownIdLifetime;
    private readonly ConcurrentDictionary<int, AvroSchema> _schemas = new();
    private readonly ConcurrentDictionary<(string Subject, string Text), int> _ids = new();
    private readonly ConcurrentDictionary<int, long> _unknownIds = new();

    public HttpSchemaRegistryClient(SchemaRegistryOptions options, TimeProvider time)
        : this(options, time, handler: null)
    {
    }

    /// <param name="options">Where the registry is, and how long to try.</param>
    /// <param name="time">The clock for time-outs and waits.</param>
    /// <param name="handler">What sends requests; null for sockets.</param>
    public HttpSchemaRegistryClient(SchemaRegistryOptions options, TimeProvider time, HttpMessageHandler? handler)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        _transport = new RegistryTransport(options, time, handler);
        _time = time;
        _unknownIdLifetime = options.UnknownIdLifetime;
    }

    /// <inheritdoc/>
    public void Dispose() => _transport.Dispose();

    /// <inheritdoc/>
    public ValueTask<AvroSchema> GetSchemaAsync(int schemaId, CancellationToken cancellationToken = default) =>
        _schemas.TryGetValue(schemaId, out var schema)
            ? ValueTask.FromResult(schema)
            : new ValueTask<AvroSchema>(FetchSchemaAsync(schemaId, cancellationToken));

    /// <inheritdoc/>
    public async ValueTask<int> RegisterAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var text = schema.ToString();
        if (_ids.TryGetValue((subject, text), out var known))
        {
            return known;
        }
        var answer = await RequireAsync(
            HttpMethod.Post, $"{Path(subject)}/versions", new { schema = text }, cancellationToken)
            .ConfigureAwait(false);
        var id = answer.Number("id");
        _ids.TryAdd((subject, text), id);
        _schemas.TryAdd(id, schema);
        return id;
    }

    /// <inheritdoc/>
    public async Task<RegisteredSchema?> LookUpAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var (answer, error) = await _transport
            .SendAsync(HttpMethod.Post, Path(subject), new { schema = schema.ToString() }, cancellationToken)
            .ConfigureAwait(false);
        return error?.ErrorCode is SubjectNotFound or SchemaNotFound ? null : ReadVersion(answer, error);
    }

    /// <inheritdoc/>
    public async Task<RegisteredSchema?> GetVersionAsync(
        string subject, int? version, CancellationToken cancellationToken = default)
    {
        var number = version is { } v ? v.ToString(System.Globalization.CultureInfo.InvariantCulture) : "latest";
        var (answer, error) = await _transport
            .SendAsync(HttpMethod.Get, $"{Path(subject)}/versions/{number}", null, cancellationToken)
            .ConfigureAwait(false);
        return error?.ErrorCode is SubjectNotFound or VersionNotFound ? null : ReadVersion(answer, error);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> GetSubjectsAsync(CancellationToken cancellationToken = default)
    {
        var answer = await RequireAsync(HttpMethod.Get, "/subjects", null, cancellationToken).ConfigureAwait(false);
        return [.. answer.Items().Select(s => s.ToString()).Order(StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<int>> GetVersionsAsync(
        string subject, CancellationToken cancellationToken = default)
    {
        var (answer, error) = await _transport
            .SendAsync(HttpMethod.Get, $"{Path(subject)}/versions", null, cancellationToken).ConfigureAwait(false);
        if (error?.ErrorCode == SubjectNotFound)
        {
            return [];
        }
        return [.. Accept(answer, error).Items().Select(v => v.Number())];
    }

    /// <inheritdoc/>
    public async Task<CompatibilityAnswer> CheckCompatibilityAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var (answer, error) = await _transport.SendAsync(
            HttpMethod.Post, $"/compatibility{Path(subject)}/versions/latest?verbose=true",
            new { schema = schema.ToString() }, cancellationToken).ConfigureAwait(false);
        if (error?.ErrorCode is SubjectNotFound or VersionNotFound)
        {
            return new CompatibilityAnswer(true, []);
        }
        answer = Accept(answer, error);
        var messages = answer.TryGetProperty("messages", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(m => m.ToString()).ToArray()
            : [];
        return new CompatibilityAnswer(answer.Flag("is_compatible"), messages);
    }

    /// <inheritdoc/>
    public Task SetCompatibilityAsync(string subject, string level, CancellationToken cancellationToken = default) =>
        RequireAsync(HttpMethod.Put, "/config/" + Uri.EscapeDataString(subject),
            new { compatibility = level }, cancellationToken);

    /// <inheritdoc/>
    public async Task<string> GetCompatibilityAsync(string subject, CancellationToken cancellationToken = default)
    {
        var (answer, error) = await _transport
            .SendAsync(HttpMethod.Get, "/config/" + Uri.EscapeDataString(subject), null, cancellationToken)
            .ConfigureAwait(false);
        if (error?.ErrorCode is SubjectLevelNotFound or SubjectNotFound)
        {
            answer = await RequireAsync(HttpMethod.Get, "/config", null, cancellationToken).ConfigureAwait(false);
            error = null;
        }
        return Accept(answer, error).Text("compatibilityLevel");
    }

    private static string Path(string subject) => "/subjects/" + Uri.EscapeDataString(subject);

    private static JsonElement Accept(JsonElement answer, RegistryError? error) =>
        error is null ? answer : throw new RegistryRefusedException(error.ErrorCode, error.Message);

    private static RegisteredSchema ReadVersion(JsonElement answer, RegistryError? error)
    {
        answer = Accept(answer, error);
        return new RegisteredSchema(
            answer.Text("subject"),
            answer.Number("version"),
            answer.Number("id"),
            answer.Text("schema"));
    }

    private async Task<JsonElement> RequireAsync(
        HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        var (answer, error) = await _transport.SendAsync(method, path, body, cancellationToken).ConfigureAwait(false);
        return Accept(answer, error);
    }

    private async Task<AvroSchema> FetchSchemaAsync(int schemaId, CancellationToken cancellationToken)
    {
        if (_unknownIds.TryGetValue(schemaId, out var since) && _time.GetElapsedTime(since) < _unknownIdLifetime)
        {
            throw new UnknownSchemaException(schemaId);
        }
        var (answer, error) = await _transport
            .SendAsync(HttpMethod.Get, $"/schemas/ids/{schemaId}", null, cancellationToken).ConfigureAwait(false);
        if (error is not null)
        {
            Forget(schemaId);
            throw error.ErrorCode is SchemaNotFound or SubjectNotFound
                ? new UnknownSchemaException(schemaId)
                : new AvroException($"The schema registry refuses schema {schemaId}: {error.Message}");
        }
        if (answer.TryGetProperty("schemaType", out var type) && type.ToString() is var name && name != "AVRO")
        {
            throw new AvroException($"Schema {schemaId} is of type {name}, not AVRO.");
        }
        return _schemas.GetOrAdd(schemaId, AvroSchema.Parse(answer.Text("schema")));
    }

    // An id that nobody registered must not cost a request for each of its records; nor may such ids fill the memory.
    private void Forget(int schemaId)
    {
        if (_unknownIds.Count >= MaximumUnknownIdCount)
        {
            _unknownIds.Clear();
        }
        _unknownIds[schemaId] = _time.GetTimestamp();
    }
}
