using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Registry;

/// <summary>
/// A registry inside the process, without compatibility rules: for the topology test driver and the simulator, and for
/// tools that need no other process. Ids count from 1 in the order of registration.
/// </summary>
public sealed class InMemorySchemaRegistryClient : ISchemaRegistryClient
{
    private readonly Lock _lock = new();
    private readonly List<AvroSchema> _schemas = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, List<int>> _subjects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _levels = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public ValueTask<AvroSchema> GetSchemaAsync(int schemaId, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return schemaId >= 1 && schemaId <= _schemas.Count
                ? ValueTask.FromResult(_schemas[schemaId - 1])
                : ValueTask.FromException<AvroSchema>(new UnknownSchemaException(schemaId));
        }
    }

    /// <inheritdoc/>
    public ValueTask<int> RegisterAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        lock (_lock)
        {
            var text = schema.ToString();
            if (!_ids.TryGetValue(text, out var id))
            {
                _schemas.Add(schema);
                id = _schemas.Count;
                _ids.Add(text, id);
            }
            if (!_subjects.TryGetValue(subject, out var versions))
            {
                _subjects.Add(subject, versions = []);
            }
            if (!versions.Contains(id))
            {
                versions.Add(id);
            }
            return ValueTask.FromResult(id);
        }
    }

    /// <inheritdoc/>
    public Task<RegisteredSchema?> LookUpAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        lock (_lock)
        {
            var version = _ids.TryGetValue(schema.ToString(), out var id)
                && _subjects.TryGetValue(subject, out var versions)
                ? versions.IndexOf(id) + 1
                : 0;
            return Task.FromResult(version == 0 ? null : new RegisteredSchema(subject, version, id, schema.ToString()));
        }
    }

    /// <inheritdoc/>
    public Task<RegisteredSchema?> GetVersionAsync(
        string subject, int? version, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (!_subjects.TryGetValue(subject, out var versions) || version is < 1 || version > versions.Count)
            {
                return Task.FromResult<RegisteredSchema?>(null);
            }
            var number = version ?? versions.Count;
            var id = versions[number - 1];
            return Task.FromResult<RegisteredSchema?>(new RegisteredSchema(
                subject, number, id, _schemas[id - 1].ToString()));
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> GetSubjectsAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<string>>([.. _subjects.Keys]);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> GetVersionsAsync(string subject, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            var count = _subjects.TryGetValue(subject, out var versions) ? versions.Count : 0;
            return Task.FromResult<IReadOnlyList<int>>([.. Enumerable.Range(1, count)]);
        }
    }

    /// <inheritdoc/>
    public Task<CompatibilityAnswer> CheckCompatibilityAsync(
        string subject, AvroSchema schema, CancellationToken cancellationToken = default) =>
        Task.FromResult(new CompatibilityAnswer(true, []));

    /// <inheritdoc/>
    public Task SetCompatibilityAsync(string subject, string level, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _levels[subject] = level;
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<string> GetCompatibilityAsync(string subject, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return Task.FromResult(_levels.GetValueOrDefault(subject, "NONE"));
        }
    }
}
