using System.Collections.Immutable;

namespace Alloc.Broker.Registry;

/// <summary>One version as it is answered.</summary>
internal sealed record SubjectVersion(string Subject, int Version, int Id, string Schema);

/// <summary>The registry's rules, without HTTP: subjects, versions, ids, levels. Thread-safe.</summary>
internal sealed class SchemaRegistry(RegistryStore store, ISchemaValidator validator, int maximumSchemaCount)
{
    private const int MaximumSubjectLength = 255;

    private static readonly string[] Levels =
        ["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"];

    /// <summary>Registers a schema, or finds it among the subject's versions; the answer is its id.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="schemaText">The schema.</param>
    /// <param name="id">The id that an import gives it; null for the registry's choice.</param>
    /// <param name="version">The version that it is to be; null for the next one.</param>
    public int Register(string subject, string schemaText, int? id = null, int? version = null)
    {
        if (subject.Length is 0 or > MaximumSubjectLength)
        {
            throw new RegistryException(422, 42208, $"A subject has 1 to {MaximumSubjectLength} characters.");
        }
        var schema = Normalize(schemaText);
        return store.Change(state =>
        {
            var known = state.Subjects.GetValueOrDefault(subject, RegistrySubject.Empty);
            if (known.Visible(withDeleted: false).FirstOrDefault(v => state.SchemaOf(v.SchemaId) == schema
                && (id ?? v.SchemaId) == v.SchemaId && (version ?? v.Version) == v.Version) is { } present)
            {
                return (state, present.SchemaId);
            }
            RegistryModes.RequireRegistration(state, subject, hasId: id is not null);
            if (state.ModeOf(subject) != RegistryModes.Import)
            {
                RequireNext(state, subject, known, schema, version);
            }
            return Add(state, subject, known, schema, id, version ?? known.NextVersion);
        });
    }

    /// <summary>The version of a subject that has this very schema.</summary>
    public SubjectVersion LookUp(string subject, string schemaText, bool withDeleted)
    {
        var state = store.State;
        var schema = Normalize(schemaText);
        var version = Find(state, subject, withDeleted).Visible(withDeleted)
            .LastOrDefault(v => state.SchemaOf(v.SchemaId) == schema) ?? throw RegistryException.SchemaNotFound();
        return new SubjectVersion(subject, version.Version, version.SchemaId, schema);
    }

    /// <summary>The schema of an id, deleted or not: its records may still be there.</summary>
    public string GetSchema(int id) => store.State.SchemaOf(id) ?? throw RegistryException.SchemaNotFound();

    /// <summary>The subjects and versions that use an id.</summary>
    public IEnumerable<(string Subject, int Version)> GetVersionsOfSchema(int id, bool withDeleted)
    {
        GetSchema(id);
        return store.State.Subjects.SelectMany(
            s => s.Value.Visible(withDeleted).Where(v => v.SchemaId == id).Select(v => (s.Key, v.Version)));
    }

    public IEnumerable<string> GetSubjects(bool withDeleted, string prefix) => store.State.Subjects
        .Where(s => s.Key.StartsWith(prefix, StringComparison.Ordinal) && s.Value.Visible(withDeleted).Any())
        .Select(s => s.Key);

    public IEnumerable<int> GetVersions(string subject, bool withDeleted) =>
        Find(store.State, subject, withDeleted).Visible(withDeleted).Select(v => v.Version);

    public SubjectVersion GetVersion(string subject, string version, bool withDeleted)
    {
        var state = store.State;
        var found = Find(state, subject, version, withDeleted);
        return new SubjectVersion(subject, found.Version, found.SchemaId, state.SchemaOf(found.SchemaId)!);
    }

    /// <summary>Deletes a subject; for good only when it was deleted before.</summary>
    /// <returns>The versions that it had.</returns>
    public IReadOnlyList<int> DeleteSubject(string subject, bool isPermanent) => store.Change(state =>
    {
        if (!state.Subjects.TryGetValue(subject, out var known) || known.Versions.IsEmpty)
        {
            throw RegistryException.SubjectNotFound(subject);
        }
        var live = known.Visible(withDeleted: false).Select(v => v.Version).ToArray();
        if (!isPermanent && live.Length == 0)
        {
            throw RegistryException.SubjectDeleted(subject);
        }
        RegistryModes.RequireWritable(state, subject);
        if (isPermanent)
        {
            return live.Length == 0
                ? (state with { Subjects = state.Subjects.Remove(subject) },
                    known.Versions.Select(v => v.Version).ToArray())
                : throw RegistryException.SubjectNotDeleted(subject);
        }
        var deleted = known with { Versions = [.. known.Versions.Select(v => v with { IsDeleted = true })] };
        return (Set(state, subject, deleted), live);
    });

    /// <summary>Deletes one version; for good only when it was deleted before. With the last of them for good go the
    /// subject's level and mode.</summary>
    /// <returns>The version.</returns>
    public int DeleteVersion(string subject, string version, bool isPermanent) => store.Change(state =>
    {
        var known = Find(state, subject, withDeleted: true);
        var isLatest = version is "latest" or "-1";
        var found = Find(state, subject, version, withDeleted: isPermanent || !isLatest);
        RegistryModes.RequireWritable(state, subject);
        if (found.IsDeleted != isPermanent)
        {
            throw isPermanent
                ? RegistryException.VersionNotDeleted(subject, found.Version)
                : RegistryException.VersionDeleted(subject, found.Version);
        }
        var versions = isPermanent
            ? known.Versions.Remove(found)
            : known.Versions.Replace(found, found with { IsDeleted = true });
        return (versions.IsEmpty
            ? state with { Subjects = state.Subjects.Remove(subject) }
            : Set(state, subject, known with { Versions = versions }), found.Version);
    });

    /// <summary>What stands against a schema as the subject's next version.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="version">The version to compare with; null for all that the subject's level looks at.</param>
    /// <param name="schemaText">The schema.</param>
    public IReadOnlyList<string> CheckCompatibility(string subject, string? version, string schemaText)
    {
        var state = store.State;
        var schema = Normalize(schemaText);
        var known = Find(state, subject, withDeleted: false);
        var compared = version is null
            ? known.Visible(withDeleted: false)
            : [Find(state, subject, version, withDeleted: false)];
        return validator.Check(schema, [.. compared.Select(v => state.SchemaOf(v.SchemaId)!)], state.LevelOf(subject));
    }

    public string GetLevel() => store.State.Level;

    public string GetLevel(string subject, bool defaultToGlobal) =>
        store.State.Subjects.GetValueOrDefault(subject)?.Level
        ?? (defaultToGlobal ? store.State.Level : throw RegistryException.NoSubjectLevel(subject));

    /// <summary>Sets the level of a subject, or of the registry.</summary>
    public string SetLevel(string? subject, string? level)
    {
        var name = level?.ToUpperInvariant() ?? string.Empty;
        if (!Levels.Contains(name))
        {
            throw RegistryException.InvalidLevel();
        }
        return store.Change(state =>
        {
            RegistryModes.RequireWritable(state, subject);
            return (SetLevel(state, subject, name), name);
        });
    }

    /// <summary>Takes a subject's own level away, or gives the registry its first one again.</summary>
    /// <returns>The level that it had.</returns>
    public string DeleteLevel(string? subject) => store.Change(state =>
    {
        var level = subject is null ? state.Level : state.Subjects.GetValueOrDefault(subject)?.Level;
        if (level is null)
        {
            throw RegistryException.SubjectNotFound(subject!);
        }
        RegistryModes.RequireWritable(state, subject);
        return (SetLevel(state, subject, subject is null ? RegistryState.DefaultLevel : null), level);
    });

    /// <summary>The mode of the registry.</summary>
    public string GetMode() => store.State.Mode;

    /// <summary>The mode that a subject has itself, or with <paramref name="defaultToGlobal"/> the one that counts for
    /// it.</summary>
    public string GetMode(string subject, bool defaultToGlobal) => defaultToGlobal
        ? store.State.ModeOf(subject)
        : store.State.Subjects.GetValueOrDefault(subject)?.Mode ?? throw RegistryException.NoSubjectMode(subject);

    /// <summary>Sets the mode of a subject, or of the registry.</summary>
    /// <param name="subject">The subject; null for the registry.</param>
    /// <param name="mode">The mode.</param>
    /// <param name="isForced">Whether to import beside schemas that are there.</param>
    public string SetMode(string? subject, string? mode, bool isForced)
    {
        var name = RegistryModes.Parse(mode);
        return store.Change(state =>
        {
            if (name == RegistryModes.Import && !isForced)
            {
                RegistryModes.RequireImportable(state, subject);
            }
            return (SetMode(state, subject, name), name);
        });
    }

    /// <summary>Takes a subject's own mode away, or makes the registry read-write.</summary>
    /// <returns>The mode that it had.</returns>
    public string DeleteMode(string? subject) => store.Change(state =>
    {
        var mode = subject is null ? state.Mode : state.Subjects.GetValueOrDefault(subject)?.Mode;
        return mode is not null
            ? (SetMode(state, subject, subject is null ? RegistryModes.ReadWrite : null), mode)
            : throw RegistryException.SubjectNotFound(subject!);
    });

    private static RegistryState SetLevel(RegistryState state, string? subject, string? level) => subject is null
        ? state with { Level = level! }
        : Set(state, subject, state.Subjects.GetValueOrDefault(subject, RegistrySubject.Empty) with { Level = level });

    private static RegistryState SetMode(RegistryState state, string? subject, string? mode) => subject is null
        ? state with { Mode = mode! }
        : Set(state, subject, state.Subjects.GetValueOrDefault(subject, RegistrySubject.Empty) with { Mode = mode });

    private static RegistryState Set(RegistryState state, string name, RegistrySubject subject) =>
        state with { Subjects = state.Subjects.SetItem(name, subject) };

    private static RegistrySubject Find(RegistryState state, string subject, bool withDeleted) =>
        state.Subjects.TryGetValue(subject, out var known) && known.Visible(withDeleted).Any()
            ? known
            : throw RegistryException.SubjectNotFound(subject);

    private static RegistryVersion Find(RegistryState state, string subject, string version, bool withDeleted)
    {
        var visible = Find(state, subject, withDeleted).Visible(withDeleted);
        if (version is "latest" or "-1")
        {
            return visible.Last();
        }
        if (!int.TryParse(version, out var number) || number < 1)
        {
            throw RegistryException.InvalidVersion(version);
        }
        return visible.FirstOrDefault(v => v.Version == number) ?? throw RegistryException.VersionNotFound(version);
    }

    /// <summary>Refuses what cannot be the subject's next version.</summary>
    private void RequireNext(
        RegistryState state, string subject, RegistrySubject known, string schema, int? version)
    {
        if (version is { } wanted && wanted != known.NextVersion)
        {
            throw RegistryException.InvalidSchema(
                $"version {wanted} is not one more than the previous version; {known.NextVersion} is");
        }
        var texts = known.Visible(withDeleted: false).Select(v => state.SchemaOf(v.SchemaId)!).ToArray();
        var problems = validator.Check(schema, texts, state.LevelOf(subject));
        if (problems.Count > 0)
        {
            throw RegistryException.Incompatible(problems);
        }
    }

    private (RegistryState State, int Id) Add(
        RegistryState state, string subject, RegistrySubject known, string schema, int? wantedId, int number)
    {
        if (known.Versions.Exists(v => v.Version == number))
        {
            throw RegistryException.NotPermitted($"Overwriting version {number} of {subject} is not permitted.");
        }
        var id = wantedId ?? state.IdOf(schema) ?? state.NextId;
        if (state.SchemaOf(id) is { } present && present != schema)
        {
            throw RegistryException.NotPermitted($"Overwriting the schema with id {id} is not permitted.");
        }
        if (state.SchemaOf(id) is null && state.Schemas.Count >= maximumSchemaCount)
        {
            throw new RegistryException(
                507, 50001, $"The registry holds {maximumSchemaCount} schemas and takes no more.");
        }
        // A deleted version comes back under a new number; one schema does not stand there twice.
        var left = known with
        {
            Versions = known.Versions.RemoveAll(v => v.IsDeleted && v.SchemaId == id && v.Version < number),
        };
        state = state with { Schemas = state.Schemas.SetItem(id, schema) };
        return (Set(state, subject, left.With(new RegistryVersion(number, id, IsDeleted: false))), id);
    }

    private string Normalize(string schemaText)
    {
        try
        {
            return validator.Normalize(schemaText);
        }
        catch (InvalidSchemaException exception)
        {
            throw RegistryException.InvalidSchema(exception.Message);
        }
    }
}
